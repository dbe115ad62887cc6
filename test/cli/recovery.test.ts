import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { refuse } from '../../src/core/result.js'
import { days, hours, plus } from '../../src/core/time.js'
import { namespaceOperations } from '../../src/server/operations/namespace.js'
import { questionOperations } from '../../src/server/operations/questions.js'
import { recoveryOperations } from '../../src/server/operations/recoveries.js'
import { openRecoveriesJson, recoveryChecks } from '../../src/server/recovery-checks.js'
import { type GivenIndex, givenIndex } from '../namespace/given-index.js'
import { asked, noLedger } from '../namespace/questions/asked.js'
import { fakeOperations } from '../support/fake-operations.js'
import { logSigner } from '../support/note-signers.js'
import { json, run, type Screen, ScriptedServer } from './fake-world.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer
/** Is the server of a version that knows of no recoveries? */
let isEarlier = false

beforeEach(async () => {
  isEarlier = false
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
    recoveries: () =>
      isEarlier
        ? Promise.resolve(refuse('request.not-found', 'no such resource'))
        : recoveryOperations(index).recoveries(),
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
  expect(both.err).toContain('dan (dan@acme): weight 100, active')
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
    // Once nobody can stop it any more it is told for thirty days.
    expect((await capstan('status')).out).toMatch(
      /^RECOVERY: +voters of \/ were replaced .*by r1, r2/,
    )
    expect((await capstan('inbox')).out).toContain('of /: finished')
    const [ready] = recoveryChecks(given.index.state, given.clock.now())
    expect(ready).toMatchObject({ ok: true, detail: expect.stringContaining('1 finished') })
    given.clock.set(plus(given.clock.now(), days(30)))
    expect((await capstan('status')).out).not.toContain('RECOVERY')
    expect((await capstan('inbox')).out).toBe('nothing waits\n')
    expect(recoveryChecks(given.index.state, given.clock.now())).toEqual([])
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

  it("is stopped by this installation's own voter, where no key is given", async () => {
    await begun()
    const none = await capstan('recovery cancel /')
    expect(none.err).toContain('namespace.no-vote')
    expect((await capstan('recovery cancel / --with ann')).exit).toBe(2)
    expect((await capstan('recovery cancel / --as ann')).err).toContain('--key FILE')
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

  it('shows those who sign all of every key, until when it is one, and who does not vote', async () => {
    const read = (name: string) =>
      JSON.parse(readFileSync(join(home, `${name}.json`), 'utf8')) as {
        status: string
        keys: { thumbprint: string; until?: number }[]
      }
    const fay = read('fay')
    fay.status = 'suspended'
    const { thumbprint } = fay.keys[0]!
    fay.keys[0]!.until = 1_900_000_000
    writeFileSync(join(home, 'fay.json'), JSON.stringify(fay))
    const { err } = await capstan(`${begins} --detached`)
    expect(err).toContain('fay (fay@acme): weight 100, suspended')
    expect(err).toMatch(new RegExp(`key ${thumbprint}, from 20.* until 2030-03-17 17:46Z`))
    expect(err).toContain(read('dan').keys[0]!.thumbprint)
    const [r1] = given.index.state.root.group!.recovery!.holders
    expect((await capstan('recovery show')).out).toContain(r1!.keys[0]!.thumbprint)
  })

  it('refuses what it would not say: another set', async () => {
    const voters = ['dan', 'eve', 'fay'].map(
      (name) => JSON.parse(readFileSync(join(home, `${name}.json`), 'utf8')) as unknown,
    )
    for (const [name, value] of [
      ['recovery', null],
      ['emergency', {}],
    ] as const) {
      writeFileSync(join(home, 'group.json'), JSON.stringify({ voters, [name]: value }))
      const made = await capstan('recovery start / -f group.json --as r1 --key r1.key --with r2')
      expect(made.exit).toBe(2)
      expect(made.err).toContain(`a recovery says nothing of ${name}`)
    }
  })

  it('is no reason for an inbox to fail where the server knows of none', async () => {
    isEarlier = true
    expect((await capstan('inbox')).out).toBe('nothing waits\n')
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
