import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { hours, plus } from '../../src/core/time.js'
import { namespaceOperations } from '../../src/server/operations/namespace.js'
import { policyOperations } from '../../src/server/operations/policies.js'
import { proposingOperations } from '../../src/server/operations/proposing.js'
import { questionOperations } from '../../src/server/operations/questions.js'
import { type GivenIndex, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { asked, noLedger } from '../namespace/questions/asked.js'
import { fakeOperations } from '../support/fake-operations.js'
import { logSigner } from '../support/note-signers.js'
import { json, run, type Screen, ScriptedServer } from './fake-world.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-brake-'))
  given = await givenIndex(
    { op: 'scope.create', alias: 'shop' },
    { op: 'entry.create', alias: 'shop/web', owner },
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
    ...policyOperations({ index, clock }),
    ...proposingOperations(index),
    ...questionOperations({ index, questions: asked(given), ledger: noLedger }),
    status: async () => {
      const one = await fake.status()
      return { ...one, index: { ...one.index, id: index.state.index } }
    },
  })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (line: string, input = ''): Promise<Screen> =>
  run(line.split(' '), {
    server,
    cwd: home,
    clock: given.clock,
    input,
    env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
  })

/** Three voters; two of whom decide, or brake where `emergency` says so. */
async function givenVoters(emergency?: number): Promise<void> {
  for (const name of ['ann', 'bob', 'cyd']) {
    await capstan(`voter keygen --out ${name}.key`)
    const index = given.index.state.index
    const voter = await capstan(
      `voter enrol --key ${name}.key --id ${name} --controller ${name}@acme --index ${index}`,
    )
    writeFileSync(join(home, `${name}.json`), voter.out)
  }
  const threshold = { narrowing: 100, routine: 151, sensitive: 151, structural: 200 }
  const terms = emergency === undefined ? {} : { threshold: { ...threshold, emergency } }
  const brake = { ttl: 86_400, perWeek: 10 }
  writeFileSync(join(home, 'group.json'), JSON.stringify({ ...terms, brake }))
  await capstan('group set / --voter ann.json --voter bob.json --voter cyd.json -f group.json')
  const [waits] = given.index.proposals()
  await capstan(`vote ${waits?.id ?? ''} --approve --as ann --key ann.key`)
  expect((await capstan(`vote ${waits?.id ?? ''} --approve --as bob --key bob.key`)).exit).toBe(0)
}

describe('capstan brake', () => {
  it('is one command where the installation decides alone', async () => {
    const braked = await capstan('brake shop/web --for 2h --reason stolen')
    expect(braked).toMatchObject({ exit: 0 })
    expect(braked.out).toContain('entry shop/web')
    expect(braked.out).toContain('stolen')
    expect((await capstan('inbox')).out).toMatch(/entry shop\/web +in-effect/)
    expect((await capstan('entry show shop/web')).out).toMatch(/brake: +until/)
    expect((await capstan('log shop/web')).out).toContain('brake')
    expect((await capstan('exceptions')).out).toContain('brake')
    const lifted = await capstan('brake lift shop/web')
    expect(lifted).toMatchObject({ exit: 0 })
    expect((await capstan('brake list')).out).toMatch(/entry shop\/web +ended/)
    expect((await capstan('inbox')).out).toMatch(/^nothing waits\n/)
  })

  it('is a voter’s own, signed where the key is', async () => {
    await givenVoters()
    const local = await capstan('brake shop/web --for 2h')
    expect(local.exit).toBe(3)
    expect(local.err).toContain('--as VOTER --key FILE')
    const braked = await capstan('brake shop/web --for 2h --as ann --key ann.key --json')
    expect(json(braked)).toMatchObject({ standing: 'in-effect', by: ['ann'], scope: '' })
    const scope = await capstan('brake shop --for 30m --as bob --key bob.key --json')
    expect(json(scope)).toMatchObject({ subject: { alias: 'shop', kind: 'scope' } })
    const alone = await capstan('brake / --voter cyd --for 24h --as ann --key ann.key')
    expect(alone.err).toContain('namespace.no-quorum')
    const begun = await capstan('brake / --voter cyd --for 24h --as ann --key ann.key --with bob')
    writeFileSync(join(home, 'cyd.brake'), begun.out)
    const both = await capstan('brake sign cyd.brake --as bob --key bob.key')
    writeFileSync(join(home, 'cyd.brake'), both.out)
    const voter = await capstan('submit cyd.brake')
    expect(voter.out).toContain('voter cyd of /')
    expect((await capstan('group show')).out).toMatch(/cyd +cyd@acme +100 +braked/)
    const lift = await capstan('brake lift / --voter cyd')
    expect(lift.exit).toBe(8)
    expect(lift.out).toContain('voter.reinstate')
    const own = await capstan('brake lift / --voter cyd --as ann --key ann.key')
    expect([own.exit, own.err.includes('ann (voter)')]).toEqual([8, true])
    const muted = await capstan('entry create x --owner team --as cyd --key cyd.key')
    expect(muted.err).toContain('namespace.no-vote')
    given.clock.set(plus(given.clock.now(), hours(24)))
    expect((await capstan('group show')).out).not.toContain('braked')
    const all = json(await capstan('brake list --json')) as { brakes: { standing: string }[] }
    expect(all.brakes.map(({ standing }) => standing)).toEqual(['over', 'over', 'over'])
    expect(valueOf(await given.index.verify()).records).toBe(given.index.state.size)
  })

  it('goes from hand to hand where it takes several', async () => {
    await givenVoters(150)
    const alone = await capstan('brake shop/web --for 2h --as ann --key ann.key')
    expect(alone.err).toContain('namespace.no-quorum')
    const first = await capstan('brake shop/web --for 2h --as ann --key ann.key --with bob')
    writeFileSync(join(home, 'brake.json'), first.out)
    expect((await capstan('submit brake.json')).err).toContain('namespace.malformed')
    const stranger = await capstan('brake sign brake.json --as cyd --key cyd.key')
    expect(stranger.exit).toBe(2)
    const both = await capstan('brake sign brake.json --as bob --key bob.key')
    expect(both.err).toMatch(/brake: +entry shop\/web\n.*\nfor: +7200 s/)
    writeFileSync(join(home, 'both.json'), both.out)
    const done = await capstan('submit both.json')
    expect(done).toMatchObject({ exit: 0 })
    expect(done.out).toContain('ann, bob of /')
    expect((await capstan('submit both.json')).err).toContain('namespace.stale-base')
  })

  it('signs nothing else than was named', async () => {
    await givenVoters()
    const signs = 'brake shop/web --for 2h --as ann --key ann.key --detached'
    const plain = await capstan(signs)
    expect(plain.exit).toBe(0)
    expect(plain.err).toMatch(/brake: +entry shop\/web\n/)
    const web = valueOf(await given.index.history('shop/web' as never))
    expect(web.length).toBeGreaterThan(0)
    const entry = JSON.parse((await capstan('entry show shop/web --json')).out) as object
    const answers = async (more: object): Promise<Screen> => {
      server.answers.set('/v1/entries/', JSON.stringify({ ...entry, ...more }))
      return capstan(signs)
    }
    expect((await answers({})).exit).toBe(0)
    for (const more of [{ alias: 'shop/db' }, { uid: given.index.state.root.uid }]) {
      const other = await answers(more)
      expect([other.exit, other.out]).toEqual([2, ''])
    }
    expect((await answers({ alias: 'shop/db' })).err).toMatch(/shop\/web[^]*shop\/db/)
    server.answers.clear()
    // An entry has no voters, and a scope no rules.
    const ofEntry = await capstan(`${signs} --voter bob`)
    expect([ofEntry.exit, ofEntry.out]).toEqual([2, ''])
    const ofScope = await capstan(
      'brake shop --rule web --for 2h --as ann --key ann.key --detached',
    )
    expect([ofScope.exit, ofScope.out]).toEqual([2, ''])
    await capstan('entry rename shop/web shop/front')
    const [waits] = given.index.proposals()
    for (const name of ['ann', 'bob']) {
      await capstan(`vote ${waits?.id ?? ''} --approve --as ${name} --key ${name}.key`)
    }
    const renamed = await capstan(signs)
    expect([renamed.exit, renamed.out]).toEqual([2, ''])
    expect(renamed.err).toContain('shop/front')
  })

  it('signs for others only what is a brake, in time, and shows it plainly', async () => {
    await givenVoters(150)
    const first = await capstan(
      'brake shop/web --for 2h --as ann --key ann.key --with bob --reason \u202edelaer',
    )
    expect(first.err).not.toContain('\u202e')
    writeFileSync(join(home, 'brake.json'), first.out)
    const adds = 'brake sign brake.json --as bob --key bob.key'
    const both = await capstan(adds)
    expect(both).toMatchObject({ exit: 0 })
    expect(both.err).not.toContain('\u202e')
    const { envelopes } = JSON.parse(first.out) as { envelopes: { payload: string }[] }
    const octets = Buffer.from(envelopes[0]!.payload, 'base64').toString()
    const aliased = octets.replace('"alias":"shop/web"', '"alias":"\\u001b[2J"')
    expect(aliased).not.toBe(octets)
    const payload = Buffer.from(aliased).toString('base64')
    const file = JSON.stringify({ envelopes: [{ ...envelopes[0], payload }] })
    const other = await capstan('brake sign - --as bob --key bob.key', file)
    expect([other.exit, other.out]).toEqual([2, ''])
    expect(other.err).toContain('no signed brake')
    given.clock.set(plus(given.clock.now(), hours(25)))
    const late = await capstan(adds)
    expect([late.exit, late.out]).toEqual([2, ''])
    expect(late.err).toContain('too late')
  })

  it('sends nothing where a signature is asked for and nobody signs', async () => {
    for (const option of ['--detached', '--with bob', '--key ann.key']) {
      const refused = await capstan(`brake shop/web --for 2h ${option}`)
      expect([option, refused.exit]).toEqual([option, 2])
    }
    expect((await capstan('brake shop/web --for 2h --as ann')).err).toContain('--key FILE')
    expect(server.sent('/v1/brakes')).toEqual([])
  })

  it('says what is wrong before anything is sent', async () => {
    expect((await capstan('brake shop/web')).exit).toBe(2)
    expect((await capstan('brake shop/web --for soon')).exit).toBe(2)
    expect((await capstan('brake shop/web --for 2h --rule a --voter b')).exit).toBe(2)
    expect((await capstan('brake shop/web --for 25h')).err).toContain('namespace.malformed')
    expect((await capstan('brake shop/gone --for 2h')).err).toContain('namespace.unknown')
  })
})
