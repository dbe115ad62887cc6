import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import { emergencyOperations } from '../../src/server/operations/emergencies.js'
import { incidentsJson } from '../../src/server/operations/incidents.js'
import { namespaceOperations } from '../../src/server/operations/namespace.js'
import { policyOperations } from '../../src/server/operations/policies.js'
import { questionOperations } from '../../src/server/operations/questions.js'
import { recoveryOperations } from '../../src/server/operations/recoveries.js'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import { asked, noLedger } from '../namespace/questions/asked.js'
import { fakeOperations } from '../support/fake-operations.js'
import { logSigner } from '../support/note-signers.js'
import { json, run, type Screen, ScriptedServer } from './fake-world.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer

const file = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(home, name), 'utf8')) as Record<string, unknown>

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-emergency-'))
  const envelope = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never
  given = await givenIndex(
    { op: 'scope.create', alias: 'shop' },
    { op: 'entry.create', alias: 'shop/web', owner, envelope },
    { op: 'entry.create', alias: 'shop/api', owner, envelope },
  )
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
    ...emergencyOperations(index),
    ...recoveryOperations(index),
    ...policyOperations({ index, clock }),
    ...questionOperations({ index, questions: asked(given), ledger: noLedger }),
    status: async () => {
      const one = await fake.status()
      const incidents = await incidentsJson(index, clock.now())
      return { ...one, incidents, index: { ...one.index, id: index.state.index } }
    },
  })
  for (const name of ['ann', 'bob', 'cyd']) await enrols(name)
  await enrols('h1', ' --emergency')
  const grant = {
    name: 'oncall',
    acts: ['allow', 'reactivate'],
    under: 'shop',
    who: ['ann', 'h1'],
    threshold: 1,
    longest: 7200,
    coolDown: 3600,
    uses: 3,
  }
  const both = { ...grant, name: 'both', threshold: 2 }
  const emergency = { holders: [file('h1.json')], grants: [grant, both] }
  writeFileSync(join(home, 'group.json'), JSON.stringify({ emergency }))
  const voters = ['ann', 'bob', 'cyd'].map((name) => `--voter ${name}.json`).join(' ')
  await capstan(`group set / ${voters} -f group.json`)
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

const allows = 'oncall shop/api --act allow --caller shop/web --port 8080 --for 1h --reason INC-7'

describe('capstan emergency', () => {
  it('allows a call for a while, and asks voters whether that was right', async () => {
    expect((await capstan('emergency list')).out).toMatch(/oncall +\/ +allow, reactivate, 7200 s/)
    expect((await capstan('permit shop/web shop/api --port 8080')).exit).toBe(9)
    const used = await capstan(`emergency invoke ${allows} --as h1 --key h1.key`)
    expect(used).toMatchObject({ exit: 0 })
    expect(used.err).toMatch(/use: +of the grant oncall\nallow: +shop\/api\n/)
    expect(used.out).toMatch(/used: +grant oncall of \//)
    expect((await capstan('permit shop/web shop/api --port 8080')).exit).toBe(0)
    expect((await capstan('rules list shop/api')).out).toContain('(grant oncall)')
    expect((await capstan('inbox')).out).toContain('not ratified: capstan emergency ratify')
    expect((await capstan('exceptions')).out).toContain('emergency (waits)')
    expect((await capstan('status')).out).toMatch(
      /^INCIDENT: +1 emergency grant in use, 1 use to ratify: capstan inbox$/m,
    )
    const listed = json(await capstan('emergency list --json')) as {
      grants: { uses: { seq: number }[] }[]
    }
    const seq = listed.grants.flatMap(({ uses }) => uses)[0]?.seq
    const ratify = await capstan(`emergency ratify ${String(seq)}`)
    expect(ratify.exit).toBe(8)
    const [waits] = given.index.proposals()
    for (const name of ['bob', 'cyd']) {
      await capstan(`vote ${waits?.id ?? ''} --approve --as ${name} --key ${name}.key`)
    }
    expect((await capstan('exceptions')).out).toContain('emergency (ratified)')
    expect((await capstan('status')).out).toMatch(/^INCIDENT: +1 emergency grant in use: /m)
    expect((await capstan('why shop/web shop/api --port 8080')).out).toContain('emergency.invoke')
    given.clock.set(plus(given.clock.now(), hours(1)))
    expect((await capstan('permit shop/web shop/api --port 8080')).exit).toBe(9)
    expect((await capstan('status')).out).not.toContain('INCIDENT')
  })

  it('has a use ratified whose grant was taken away since', async () => {
    await capstan(`emergency invoke ${allows} --as h1 --key h1.key`)
    writeFileSync(join(home, 'none.json'), JSON.stringify({ emergency: null }))
    const voters = ['ann', 'bob', 'cyd'].map((name) => `--voter ${name}.json`).join(' ')
    const votes = async (by: readonly string[]) => {
      const [waits] = given.index.proposals()
      for (const name of by) {
        await capstan(`vote ${waits?.id ?? ''} --approve --as ${name} --key ${name}.key`)
      }
    }
    await capstan(`group set / ${voters} -f none.json`)
    await votes(['ann', 'bob'])
    expect(given.index.state.root.group).not.toHaveProperty('emergency')
    const { out } = await capstan('emergency list')
    const [, seq = ''] = /^record (\d+), former grant oncall: allow shop\/api by h1/.exec(out) ?? []
    expect((await capstan('inbox')).out).toContain(`not ratified: capstan emergency ratify ${seq}`)
    expect((await capstan('emergency ratify 1')).exit).toBe(2)
    expect((await capstan(`emergency ratify ${seq}`)).exit).toBe(8)
    await votes(['bob', 'cyd'])
    expect((await capstan('emergency list')).out).toContain('; ratified')
    given.clock.set(plus(given.clock.now(), hours(1)))
    expect((await capstan('emergency list')).out).toBe('no emergency grants\n')
    expect((await capstan('inbox')).out).toBe('nothing waits\n')
  })

  it('says that it is too late to ratify by the clock, and no more how', async () => {
    await capstan(`emergency invoke ${allows} --as h1 --key h1.key`)
    given.clock.set(plus(given.clock.now(), hours(24)))
    const { out } = await capstan('emergency list')
    expect(out).toMatch(/not ratified by .*: the grant is disabled/)
    expect(out).not.toContain('emergency ratify')
    expect((await capstan('exceptions')).out).toContain('emergency (missed)')
  })

  it('reactivates an entry, and says so', async () => {
    await capstan('entry suspend shop/web')
    const [waits] = given.index.proposals()
    await capstan(`vote ${waits?.id ?? ''} --approve --as cyd --key cyd.key`)
    const line = 'oncall shop/web --act reactivate --for 30m --reason INC-7'
    const used = await capstan(`emergency invoke ${line} --as ann --key ann.key --json`)
    expect(json(used)).toMatchObject({ act: 'reactivate', subject: 'shop/web', by: ['ann'] })
    expect((await capstan('entry show shop/web')).out).toMatch(
      /emergency: +active by the grant oncall until/,
    )
    expect((await capstan('log shop/web')).out).toContain('emergency.invoke')
    const odd = await capstan(`emergency invoke ${line} --port 80 --as ann --key ann.key`)
    expect(odd.exit).toBe(2)
  })

  it('goes from hand to hand where it takes several', async () => {
    const line = allows.replace('oncall', 'both')
    const first = await capstan(`emergency invoke ${line} --as ann --key ann.key --with h1`)
    writeFileSync(join(home, 'first.json'), first.out)
    expect((await capstan('submit first.json')).err).toContain('namespace.malformed')
    expect((await capstan('emergency sign first.json --as bob --key bob.key')).exit).toBe(2)
    const both = await capstan('emergency sign first.json --as h1 --key h1.key')
    writeFileSync(join(home, 'both.json'), both.out)
    expect((await capstan('submit both.json')).out).toMatch(/by: +ann, h1\n/)
  })

  it('shows whoever adds a signature no escape of a terminal', async () => {
    const line = `${allows.replace('oncall', 'both')} --prefix /orders`
    const first = await capstan(`emergency invoke ${line} --as ann --key ann.key --with h1`)
    expect(first.err).toContain('"prefix":"/orders"')
    const { envelopes } = JSON.parse(first.out) as { envelopes: { payload: string }[] }
    const octets = Buffer.from(envelopes[0]!.payload, 'base64').toString()
    const moved = octets.replace('"prefix":"/orders"', '"prefix":"/\u009b2J\u202e"')
    expect(moved).not.toBe(octets)
    const payload = Buffer.from(moved).toString('base64')
    writeFileSync(
      join(home, 'moved.json'),
      JSON.stringify({ envelopes: [{ ...envelopes[0], payload }] }),
    )
    const shown = await capstan('emergency sign moved.json --as h1 --key h1.key')
    expect(shown.err).toContain('"prefix":"/\\u009b2J\\u202e"')
    expect(shown.err).not.toMatch(/[\u009b\u202e]/)
  })

  it('is drilled, which resilience shows', async () => {
    expect((await capstan('resilience /')).out).toContain('grant oncall, never drilled')
    const drilled = await capstan(`emergency drill ${allows} --as h1 --key h1.key`)
    expect(drilled.out).toMatch(/drilled: +grant oncall of \/\ndoes: +nothing/)
    expect((await capstan('permit shop/web shop/api --port 8080')).exit).toBe(9)
    expect((await capstan('resilience /')).out).toMatch(/grant oncall, drilled 20/)
    expect((await capstan('inbox')).out).toBe('nothing waits\n')
  })

  it('signs nothing about another entry than was named', async () => {
    const entry = json(await capstan('entry show shop/web --json')) as object
    server.answers.set('/v1/entries/', JSON.stringify(entry))
    const other = await capstan(`emergency invoke ${allows} --as h1 --key h1.key`)
    expect(other.exit).toBe(2)
    expect(other.err).toContain('this is not the entry that you named')
  })
})
