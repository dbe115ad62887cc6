import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { FakeClock } from '../support/fake-clock.js'
import { codeOf, Installation, valueOf, web } from './given-installation.js'

const api = 'shop/api' as Alias
const asOf = (size: number) => ({ kind: 'size', size }) as const
const call = { caller: web, callee: api, port: 80, route: 'GET /a/b', headers: [] }

describe('an installation asked about the time before a rule', () => {
  let given: Installation
  /** Records there were when there was no rule, and when there was one. */
  let before = 0
  let between = 0
  beforeEach(async () => {
    given = await Installation.founded(new FakeClock())
    await given.change({ op: 'entry.create', alias: api, owner: { controller: 'team-api' } })
    before = given.instance.index.state.size
    await given.change({
      op: 'rule.attach',
      alias: api,
      rule: { id: 'web', callers: [web], ports: [80], routes: [{ path: { prefix: '/a' } }] },
    })
    between = given.instance.index.state.size
    await given.change({ op: 'rule.detach', alias: api, rule: 'web' })
  })
  afterEach(() => given[Symbol.asyncDispose]())

  it('says what was allowed then, and by what', async () => {
    const { operations } = given.instance
    const then = (size: number) => operations.past(asOf(size), (past) => past.permit(call))
    expect(valueOf(await then(before))).toMatchObject({ allowed: false })
    expect(valueOf(await then(between))).toMatchObject({ allowed: true, rule: { id: 'web' } })
    expect(valueOf(await operations.permit(call))).toMatchObject({ allowed: false })
    const why = await operations.past(asOf(between), (past) => past.why(call))
    expect(valueOf(why)).toMatchObject({ allowed: true, rule: { id: 'web' } })
  })

  it('lists whom an entry could call, who could call it, and who could change it', async () => {
    const { operations } = given.instance
    const page = { alias: web, limit: 10 }
    const reach = await operations.past(asOf(between), (past) => past.reach(page))
    expect(JSON.stringify(valueOf(reach))).toContain(api)
    const none = await operations.past(asOf(before), (past) => past.reach(page))
    expect(JSON.stringify(valueOf(none))).not.toContain(api)
    const callers = await operations.past(asOf(between), (past) =>
      past.callers({ alias: api, limit: 10 }),
    )
    expect(JSON.stringify(valueOf(callers))).toContain(web)
    const authority = await operations.past(asOf(between), (past) => past.authority(api))
    expect(codeOf(authority)).toBeUndefined()
  })
})
