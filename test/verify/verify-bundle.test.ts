import { beforeAll, describe, expect, it } from '@jest/globals'
import { unixSeconds, seconds } from '../../src/core/time.js'
import { permitBundles } from '../../src/verify/permit-bundles.js'
import { type VerifyOptions, verifyBundle } from '../../src/verify/verify-bundle.js'
import { routeOf } from '../../src/namespace/rule/route.js'
import { type GivenGroup, givenGroup } from '../namespace/given-group.js'
import { codeOf, owner, valueOf } from '../namespace/given-index.js'
import { bundleOf, edited, LOG } from './given-bundle.js'

let given: GivenGroup
let options: VerifyOptions
let web: Uint8Array
let api: Uint8Array

beforeAll(async () => {
  given = await givenGroup(
    {},
    { op: 'scope.create', alias: 'pay' },
    { op: 'scope.create', alias: 'web' },
    { op: 'entry.create', alias: 'web/shop/front', owner },
  )
  await given.agreed({ op: 'entry.create', alias: 'pay/api', owner })
  await given.agreed({
    op: 'rule.attach',
    alias: 'pay/api',
    rule: {
      id: 'orders',
      callers: ['web/shop/front'],
      ports: [8080],
      routes: [{ method: 'GET', path: { prefix: '/orders' } }],
    },
  })
  options = { indexId: given.index.state.index, logKey: LOG.key, now: given.now() }
  web = await bundleOf(given, 'web/shop/front')
  api = await bundleOf(given, 'pay/api')
})

const verify = (octets: Uint8Array, more: Partial<VerifyOptions> = {}) =>
  verifyBundle(octets, { ...options, ...more })

describe('a bundle', () => {
  it('says what the entry is, where it stands, and who decided', () => {
    const found = valueOf(verify(api))
    expect(found.entry).toEqual(given.entry('pay/api'))
    expect(found.scopes).toEqual([given.index.state.root, given.scope('pay')])
    const made = found.commits.map(({ op, subject, voters, recount }) => [
      op,
      subject.alias,
      voters,
      recount.counted === 'again' ? recount.weight : recount.because,
    ])
    expect(made).toEqual([
      ['rule.attach', 'pay/api', ['ann', 'bob'], 200],
      ['genesis', '', [], 'genesis'],
      ['group.set', '', ['local'], 1],
      ['scope.create', 'pay', ['local'], 1],
    ])
  })

  it('decides with another what the server decides', () => {
    const [caller, callee] = [valueOf(verify(web)), valueOf(verify(api))]
    const ask = (method: string, path: string, port = 8080) =>
      valueOf(
        permitBundles(caller, callee, {
          port,
          route: valueOf(routeOf(method, path)),
          now: given.now(),
        }),
      )
    expect(ask('GET', '/orders/7')).toEqual({ allowed: true, rule: { id: 'orders', rev: 2 } })
    expect(ask('POST', '/orders/7')).toMatchObject({ allowed: false, condition: 'route' })
    expect(ask('GET', '/orders', 80)).toMatchObject({ allowed: false, condition: 'port' })
    const back = permitBundles(callee, caller, { port: 8080, now: given.now() })
    expect(valueOf(back)).toMatchObject({ allowed: false, condition: 'no-rule' })
  })

  it('is refused when a rule is edited', () => {
    const wider = edited(api, ({ entry }) => {
      entry.state.rules[0]!.ports = [[1, 65_535]]
    })
    expect(codeOf(verify(wider))).toBe('bundle.not-proved')
  })

  it('is refused beyond its age', () => {
    const maxAge = seconds(60)
    const now = unixSeconds(options.now + 61)
    expect(codeOf(verify(api, { maxAge }))).toBe('ok')
    expect(codeOf(verify(api, { maxAge, now }))).toBe('bundle.stale')
    expect(codeOf(verify(api, { now }))).toBe('ok')
  })
})
