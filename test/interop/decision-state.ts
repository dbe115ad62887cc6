import { days, plus } from '../../src/core/time.js'
import type { RuleRequest } from '../../src/namespace/rule/rule-request.js'
import { brakeBy } from '../namespace/given-brake.js'
import { type GivenGroup, givenGroup } from '../namespace/given-group.js'
import { alias, owner, valueOf } from '../namespace/given-index.js'
import { T0 } from '../support/fake-clock.js'
import { bundleOf } from '../verify/given-bundle.js'

/** When rule `later` begins to allow, and when it ends. */
export const LATER = { from: plus(T0, days(1)), until: plus(T0, days(2)) }

/** So long `ops/temp` is active. */
export const TEMP_UNTIL = plus(T0, days(3))

const scopes = ['pay', 'pay/card', 'web', 'ops', 'gone']
const entries = [
  ...['web/shop', 'web/blog', 'ops/cron', 'ops/temp'],
  ...['pay/api', 'pay/card/vault', 'pay/old', 'pay/shut', 'gone/x'],
]
const shop = ['web/shop']
const cron = ['ops/cron']
const get = (prefix: string) => ({ method: 'GET', path: { prefix } }) as const
const rulesOf: Readonly<Record<string, readonly RuleRequest[]>> = {
  'pay/api': [
    { id: 'orders', callers: shop, ports: [8080], routes: [get('/orders')] },
    {
      id: 'red',
      callers: shop,
      ports: [8080],
      routes: [
        {
          method: 'POST',
          path: { prefix: '/orders' },
          headers: [
            { name: 'X-Team', value: 'red' },
            { name: 'x-tier', value: '1' },
          ],
        },
      ],
    },
    {
      id: 'health',
      callers: [{ subtree: 'web' }],
      ports: [8080],
      routes: [{ path: { exact: '/health' } }, { path: { prefix: '/live/' } }],
    },
    // The same route for two groups of callers: whom a rule names itself comes first.
    { id: 'a-web', callers: [{ subtree: 'web' }], ports: [8088], routes: [get('/')] },
    { id: 'b-all', callers: [{ subtree: '' }], ports: [8088], routes: [get('/')] },
    { id: 'c-shop', callers: shop, ports: [8088], routes: [get('/')] },
    { id: 'd-shop', callers: shop, ports: [8088] },
    { id: 'batch', callers: ['ops/cron', 'ops/temp'], ports: [[9000, 9010]] },
    { id: 'later', callers: shop, ports: [7000], ...LATER },
    { id: 'far', callers: shop, ports: [20_000] },
    { id: 'telnet', callers: [...shop, ...cron], ports: [[22, 24]] },
  ],
  'pay/card/vault': [
    { id: 'a-open', callers: cron, ports: [443, 444] },
    { id: 'b-keys', callers: cron, ports: [443], routes: [get('/keys')] },
    { id: 'shop', callers: shop, ports: [443], routes: [get('/')] },
  ],
  'pay/old': [{ id: 'any', callers: [{ subtree: '' }], ports: [80] }],
  'pay/shut': [{ id: 'any', callers: [{ subtree: '' }], ports: [80] }],
  'gone/x': [{ id: 'any', callers: [{ subtree: '' }], ports: [80] }],
}

/** An index in which every condition of a decision has something that fails by it. */
async function given(): Promise<GivenGroup> {
  const attached = Object.entries(rulesOf).flatMap(([name, rules]) =>
    rules.map((rule) => ({ op: 'rule.attach' as const, alias: name, rule })),
  )
  const envelope = { op: 'envelope.set' } as const
  const guard = { op: 'guard.set' } as const
  return givenGroup(
    {},
    ...scopes.map((name) => ({ op: 'scope.create' as const, alias: name })),
    ...entries.map((name) => ({ op: 'entry.create' as const, alias: name, owner })),
    ...attached,
    { ...envelope, alias: 'pay', envelope: { ports: [[1, 9999]] } },
    { ...envelope, alias: 'web/blog', envelope: { mayCall: [alias('ops')] } },
    { ...envelope, alias: 'ops/cron', envelope: { ports: [[1, 9005]] } },
    { ...envelope, alias: 'pay/shut', envelope: { mayAccept: [alias('ops')] } },
    {
      ...guard,
      alias: '',
      guard: { id: 'no-telnet', effect: 'forbid', ports: [[23, 23]], callees: [alias('pay')] },
    },
    {
      ...guard,
      alias: 'web',
      guard: { id: 'no-card', effect: 'forbid', callees: [alias('pay/card')] },
    },
    { ...guard, alias: 'pay/card', guard: { id: 'routes', effect: 'requireRoutes' } },
    { op: 'entry.update', alias: 'ops/temp', validUntil: TEMP_UNTIL },
    { op: 'entry.suspend', alias: 'pay/old' },
    { op: 'scope.suspend', alias: 'gone' },
  )
}

/** The bundles that the vectors are about, and the index at the end of them. */
export async function decisionBundles(): Promise<{
  readonly index: GivenGroup
  readonly bundles: Readonly<Record<string, Uint8Array>>
}> {
  const index = await given()
  const bundles: Record<string, Uint8Array> = {}
  for (const name of entries) bundles[name] = await bundleOf(index, name)
  for (const target of [{ alias: 'pay/api', rule: 'orders' }, { alias: 'web/shop' }]) {
    const { state } = index.index
    valueOf(await index.index.submitBrake(brakeBy(state, [index.ann], target, { at: index.now() })))
  }
  bundles['pay/api, a rule braked'] = await bundleOf(index, 'pay/api')
  bundles['web/shop, braked'] = await bundleOf(index, 'web/shop')
  return { index, bundles }
}
