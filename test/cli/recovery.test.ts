import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import { namespaceOperations } from '../../src/server/operations/namespace.js'
import { questionOperations } from '../../src/server/operations/questions.js'
import { recoveryOperations } from '../../src/server/operations/recoveries.js'
import { openRecoveriesJson } from '../../src/server/recovery-checks.js'
import { type GivenIndex, givenIndex } from '../namespace/given-index.js'
import { asked, noLedger } from '../namespace/questions/asked.js'
import { fakeOperations } from '../support/fake-operations.js'
import { logSigner } from '../support/note-signers.js'
import { json, run, type Screen, ScriptedServer } from './fake-world.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-recovery-'))
  given = await givenIndex({ op: 'scope.create', alias: 'shop' })
  const { index, clock } = given
  const fake = fakeOperations()
  server = new ScriptedServer({
    ...namespaceOperations({
      index,
      clock,
      logKey: logSigner('acme.example/index').key,
      longWork: { progress: () => undefined, end: () => undefined },
      checkCluster: () => Promise.resolve([]),
    }),
    ...recoveryOperations(index),
    ...questionOperations({ index, questions: asked(given), ledger: noLedger }),
    status: async () => {
      const one = await fake.status()
      return {
        ...one,
        index: { ...one.index, id: index.state.index },
        recoveries: openRecoveriesJson(index.state, clock.now()),
      }
    },
  })
  for (const name of ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay']) await enrols(name)
  for (const name of ['r1', 'r2', 'r3']) await enrols(name, ' --recovery')
  await capstan(
    `group set / ${voters('ann', 'bob', 'cyd')} --recovery r1.json --recovery r2.json --recovery r3.json`,
  )
  const [waits] = index.proposals()
  await capstan(`vote ${waits?.id ?? ''} --approve --as ann --key ann.key`)
  expect((await capstan(`vote ${waits?.id ?? ''} --approve --as bob --key bob.key`)).exit).toBe(0)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (line: string): Promise<Screen> =>
  run(line.split(' '), {
    server,
    cwd: home,
    clock: given.clock,
    env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
  })

async function enrols(name: string, role = ''): Promise<void> {
  await capstan(`voter keygen --out ${name}.key`)
  const index = given.index.state.index
  const line = `voter enrol --key ${name}.key --id ${name} --controller ${name}@acme --index ${index}${role}`
  writeFileSync(join(home, `${name}.json`), (await capstan(line)).out)
}

const voters = (...names: readonly string[]): string =>
  names.map((name) => `--voter ${name}.json`).join(' ')

const begins = `recovery start / ${voters('dan', 'eve', 'fay')} --as r1 --key r1.key --with r2`

/** Started, as two holders do it. */
async function begun(): Promise<Screen> {
  const first = await capstan(begins)
  writeFileSync(join(home, 'first.json'), first.out)
  const both = await capstan('recovery sign first.json --as r2 --key r2.key')
  expect(both.err).toMatch(/recovery: +of \/: its voters are replaced\n/)
  expect(both.err).toContain('dan (dan@acme): weight 100')
  writeFileSync(join(home, 'both.json'), both.out)
  return capstan('recovery submit both.json')
}

describe('capstan recovery', () => {
  it('replaces voters who are lost, and says so all the while', async () => {
    const set = await capstan('recovery show')
    expect(set.out).toMatch(/recovery set: +of \/: 2 of 3\n/)
    expect((await capstan('group show')).out).toContain('2 of r1, r2, r3, after 72 h')
    expect((await capstan('resilience /')).out).toContain('2 of 3 (r1, r2, r3), after 72 h')
    const started = await begun()
    expect(started).toMatchObject({ exit: 0 })
    expect(started.out).toContain('of /: waiting')
    expect((await capstan('status')).out).toMatch(/^RECOVERY: +voters of \/ may be replaced from/)
    expect((await capstan('inbox')).out).toContain('of /: waiting')
    expect(json(await capstan('inbox --json'))).toMatchObject({
      recoveries: [{ standing: 'waiting', holders: ['r1', 'r2'] }],
    })
    expect((await capstan('scope show /')).out).toMatch(/recovery: +waiting/)
    const early = await capstan('recovery finish /')
    expect(early.err).toContain('namespace.timelock')
    given.clock.set(plus(given.clock.now(), hours(72)))
    expect((await capstan('recovery finish /')).out).toContain('of /: finished')
    const group = await capstan('group show')
    expect(group.out).toContain('dan@acme')
    expect(group.out).not.toContain('ann@acme')
    expect((await capstan('status')).out).not.toContain('RECOVERY')
    expect((await capstan('exceptions')).out).toMatch(/recovery +recovery.finish/)
    expect((await capstan('log /')).out).toContain('recovery.start')
  })

  it('is stopped by one voter who is there after all', async () => {
    await begun()
    const cancelled = await capstan('recovery cancel / --as cyd --key cyd.key --reason here')
    expect(cancelled).toMatchObject({ exit: 0 })
    expect(cancelled.err).toMatch(/cancels: +the recovery of \/: its voters stay\n/)
    expect(cancelled.out).toContain('of /: cancelled')
    given.clock.set(plus(given.clock.now(), hours(72)))
    expect((await capstan('recovery finish /')).err).toContain('namespace.closed')
    expect((await capstan(begins)).exit).toBe(0)
    expect((await capstan('inbox')).out).toBe('nothing waits\n')
  })

  it('goes through capstan submit too, and by those alone who are named', async () => {
    const first = await capstan(begins)
    writeFileSync(join(home, 'first.json'), first.out)
    const stranger = await capstan('recovery sign first.json --as r3 --key r3.key')
    expect(stranger.exit).toBe(2)
    expect((await capstan('submit first.json')).err).toContain('namespace.malformed')
    const alone = await capstan(
      `recovery start / ${voters('dan', 'eve', 'fay')} --as r1 --key r1.key`,
    )
    expect(alone.err).toContain('namespace.no-quorum')
    const both = await capstan('recovery sign first.json --as r2 --key r2.key')
    writeFileSync(join(home, 'both.json'), both.out)
    expect((await capstan('submit both.json')).out).toContain('of /: waiting')
  })

  it('signs nothing about another scope than was named', async () => {
    const scope = json(await capstan('scope show shop --json'))
    server.answers.set('/v1/scopes/', JSON.stringify(scope))
    const other = await capstan(begins)
    expect(other.exit).toBe(2)
    expect(other.err).toContain('this is not the scope that you named')
    server.answers.delete('/v1/scopes/')
    const none = await capstan(
      `recovery start shop ${voters('dan', 'eve', 'fay')} --as r1 --key r1.key`,
    )
    expect(none.err).toContain('those above decide about this scope')
  })
})
