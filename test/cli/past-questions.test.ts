import { beforeEach, describe, expect, it } from '@jest/globals'
import { days, hours, plus, toIso } from '../../src/core/time.js'
import { givenGroup, type GivenGroup } from '../namespace/given-group.js'
import { owner } from '../namespace/given-index.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let given: GivenGroup
let server: ScriptedServer
/** Records there were: before anything waited, while it waited, and once it was in force. */
let [quiet, waited, agreed] = [0, 0, 0]
let id = ''

const rule = { id: 'shop', callers: ['web/shop'], ports: [8080] }

beforeEach(async () => {
  given = await givenGroup()
  server = servedIndex(given)
  await given.agreed({ op: 'entry.create', alias: 'web/shop', owner })
  await given.agreed({ op: 'entry.create', alias: 'pay/api', owner })
  quiet = given.index.state.size
  given.clock.advance(hours(1))
  const opened = await given.proposed({ op: 'rule.attach', alias: 'pay/api', rule })
  id = opened.id
  waited = given.index.state.size
  given.clock.advance(hours(1))
  await given.votes(given.ann, opened)
  await given.votes(given.bob, opened)
  agreed = given.index.state.size
  given.clock.advance(hours(1))
})

const capstan = (...words: readonly string[]): Promise<Screen> =>
  run(words, { server, clock: given.clock, env: { NO_COLOR: '1' } })
const answered = async (...words: readonly string[]): Promise<Record<string, unknown>> =>
  json(await capstan(...words, '--json'))
const listOf = (answer: Record<string, unknown>, name: string): readonly unknown[] =>
  answer[name] as readonly unknown[]

describe('a question about the index as it was', () => {
  it('about what waited, shows it and the votes that there were', async () => {
    expect(await answered('inbox')).toMatchObject({ proposals: [] })
    expect(await answered('inbox', '--at', String(quiet))).toMatchObject({ proposals: [] })
    const then = await answered('inbox', '--at', String(waited))
    expect(then).toMatchObject({ proposals: [{ id, standing: 'open', open: { votes: [] } }] })
    const once = await answered('inbox', '--at', String(waited + 1))
    expect(once).toMatchObject({ proposals: [{ open: { votes: [{ voter: 'ann' }] } }] })
    expect(await answered('inbox', '--as', 'ann', '--at', String(waited + 1))).toMatchObject({
      proposals: [],
    })
    expect(await answered('inbox', '--at', String(agreed))).toMatchObject({ proposals: [] })
  })

  it('about a proposal, shows what it would have done, by the digest that was voted on', async () => {
    expect((await capstan('impact', id)).exit).not.toBe(0)
    const short = await answered('impact', id.slice(0, 9), '--at', String(waited))
    expect(short).toEqual(await answered('impact', id, '--at', String(waited)))
    expect(short).toMatchObject({
      proposal: id,
      impact: { permissions: { added: [{ caller: 'web/shop', callee: 'pay/api' }] } },
    })
    expect((await given.proposal(id)).standing).toBe('committed')
    expect(await answered('impact', id, '--at', String(quiet))).toMatchObject({
      code: 'namespace.unknown',
    })
    expect(await answered('impact', id, '--at', String(agreed))).toMatchObject({
      code: 'namespace.closed',
    })
    const gone = await answered('impact', id.slice(0, 9), '--at', String(agreed))
    expect(gone).toMatchObject({ code: 'namespace.unknown' })
  })

  it('about records, shows none that came after', async () => {
    const all = listOf(await answered('log', 'pay/api'), 'history')
    const then = listOf(await answered('log', 'pay/api', '--at', String(quiet)), 'history')
    expect([all.length, then]).toEqual([2, all.slice(0, 1)])
    const votes = listOf(await answered('voter', 'votes', 'bob'), 'changes')
    const earlier = await answered('voter', 'votes', 'bob', '--at', String(quiet))
    expect(listOf(earlier, 'changes')).toEqual(votes.slice(0, -1))
    const changes = listOf(await answered('export', 'changes', '--format', 'json'), 'changes')
    const before = await answered(
      ...['export', 'changes', '--format', 'json', '--at', String(quiet)],
    )
    expect(listOf(before, 'changes')).toEqual(changes.slice(0, -1))
    expect((await capstan('log', 'pay/api', '--at', '1')).err).toContain('namespace.unknown')
  })

  it('about who could decide, shows the group of that time', async () => {
    expect(await answered('resilience', '/', '--at', '1')).toMatchObject({ solo: true })
    expect(await answered('resilience', '/')).toMatchObject({ solo: false })
    expect(await answered('exceptions', '--at', '1')).toEqual({ exceptions: [] })
    const cedar = await capstan('export', 'cedar', '--at', String(quiet))
    expect(cedar.out).toContain(`// As of ${quiet} records of the index log.`)
    expect(cedar.out).not.toBe((await capstan('export', 'cedar')).out)
  })

  it('at a time, is asked in that second: what had ended by then is over', async () => {
    const until = plus(given.clock.now(), days(1))
    const brief = { ...rule, id: 'brief', ports: [9090], until: toIso(until) }
    await given.agreed({ op: 'rule.attach', alias: 'pay/api', rule: brief })
    given.clock.advance(days(3))
    const call = ['permit', 'web/shop', 'pay/api', '--port', '9090']
    const size = String(given.index.state.size)
    const at = (moment: string) => answered(...call, '--at', moment)
    expect(await at(size)).toMatchObject({ allowed: true })
    expect(await at(toIso(plus(until, hours(-1))))).toMatchObject({ allowed: true })
    expect(await at(toIso(until))).toMatchObject({ allowed: false, at: toIso(until) })
    // Nothing is foretold.
    const now = given.clock.now()
    expect(await at(toIso(plus(now, days(99))))).toMatchObject({ at: toIso(now) })
  })

  it('at a time, is about what waited in that second', async () => {
    const late = await given.proposed({ op: 'entry.create', alias: 'pay/new', owner })
    const { expires } = late.proposal ?? { expires: given.clock.now() }
    given.clock.advance(days(60))
    const at = (time: number) => answered('inbox', '--at', toIso(time as never))
    expect(await at(expires - 1)).toMatchObject({ proposals: [{ id: late.id }] })
    expect(await at(expires + 1)).toMatchObject({ proposals: [] })
  })

  it('about a time that the index does not know is refused', async () => {
    for (const words of [['inbox'], ['log', '/'], ['exceptions'], ['export', 'changes']]) {
      expect(await answered(...words, '--at', '99999')).toMatchObject({ code: 'namespace.unknown' })
      const tomorrow = await capstan(...words, '--at', 'tomorrow')
      expect([tomorrow.exit, tomorrow.err]).toEqual([3, expect.stringContaining('a moment')])
    }
  })

  it('about certificates is refused, with the reason', async () => {
    const { exit, err } = await capstan('stale', '--at', '3')
    expect(exit).toBe(2)
    expect(err).toContain('cannot be told: the ledger')
    expect(err).toContain('capstan certs')
  })
})
