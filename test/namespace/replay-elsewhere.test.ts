import { expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { hours, plus } from '../../src/core/time.js'
import { sha256Hex } from '../../src/core/uid.js'
import { canonicalState } from '../../src/namespace/state.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { clusterFacts, k8s, owner } from './given-index.js'

const root = join(import.meta.dirname, '../..')

/** A log of every kind of record. */
async function givenLog(): Promise<GivenGroup> {
  const given = await givenGroup(
    { brake: { ttl: hours(1), perWeek: 3 }, timelock: { structural: hours(2) } },
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    { op: 'entry.create', alias: 'shop/web', owner, bindings: [k8s('prod', 'shop', 'web')] },
  )
  const { index, ann, bob, clock } = given
  const labels = { name: 'I i \u0130 \u0131 \u00e9 e\u0301 \u{1f512}' }
  await given.agreed({ op: 'entry.update', alias: 'shop/web', labels })
  const scope = await given.proposed({ op: 'scope.create', alias: 'pay' })
  await given.votes(ann, scope)
  await given.votes(bob, scope)
  clock.set(plus(given.now(), hours(2)))
  await index.settle()
  const one = await given.proposed({ op: 'entry.create', alias: 'pay/api', owner })
  const votes = [
    ann.vote(one, 'approve', given.now()),
    ann.vote(one, 'reject', given.now()),
  ] as const
  await index.submit([votes[0]])
  await index.submit([...votes])
  expect(given.scope('pay').state).toBe('active')
  return given
}

function replayed(log: string, env: NodeJS.ProcessEnv): string {
  const args = ['--no-warnings', '--import', './test/support/typescript.mjs']
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...args, 'test/support/replayed.ts'],
    // Not what jest set for itself.
    { cwd: root, input: log, encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } },
  )
  return stdout.trim() || stderr
}

it('a log comes to the same state elsewhere: in another place and language, without a clock or chance', async () => {
  const { index, store } = await givenLog()
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64')
  const log = JSON.stringify(
    store.records.map(({ bytes, envelopes }) => ({
      bytes: base64(bytes),
      envelopes: envelopes.map(base64),
    })),
  )
  const here = sha256Hex(canonicalState(index.state))
  expect(replayed(log, { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8' })).toBe(here)
  expect(replayed(log, { TZ: 'America/St_Johns', LC_ALL: 'C' })).toBe(here)
})
