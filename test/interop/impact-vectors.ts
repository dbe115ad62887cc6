import { canonicalize } from '../../src/core/canonical-json.js'
import { days, plus } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { impactDigest } from '../../src/namespace/questions/impact.js'
import { type GivenGroup, givenGroup } from '../namespace/given-group.js'
import { alias, owner, valueOf } from '../namespace/given-index.js'
import { asked } from '../namespace/questions/asked.js'
import { T0 } from '../support/fake-clock.js'

/** What a proposal would do, as `capstan impact --json` prints it in any spelling of JSON. */
export interface ImpactVector {
  readonly what: string
  readonly impact: string
  /** SHA-256 of its canonical JSON, hex: what a vote names. */
  readonly digest: string
  /** It is another impact than the digest is of, or none. */
  readonly refused?: true
}

const rule = (id: string, callers: readonly (string | { readonly subtree: string })[]) => ({
  id,
  callers,
  ports: [8080],
  routes: [{ method: 'GET' as const, path: { prefix: '/orders' } }],
})

const given = (): Promise<GivenGroup> =>
  givenGroup(
    {},
    { op: 'scope.create', alias: 'web' },
    ...['web/shop', 'web/cart', 'pay/api', 'pay/v2', 'pay/db'].map(
      (name) => ({ op: 'entry.create', alias: name, owner }) as const,
    ),
    { op: 'rule.attach', alias: 'pay/db', rule: { ...rule('api', ['pay/api']), ports: [5432] } },
    {
      op: 'split.set',
      alias: 'pay/api',
      split: {
        port: 8080,
        backendRefs: [
          { entry: 'pay/api', weight: 90 },
          { entry: 'pay/v2', weight: 10 },
        ],
      },
    },
  )

const proposals: readonly (readonly [string, ChangeRequest])[] = [
  ['a rule', { op: 'rule.attach', alias: 'pay/api', rule: rule('shop', [{ subtree: 'web' }]) }],
  [
    'a rule that begins and ends',
    {
      op: 'rule.attach',
      alias: 'pay/v2',
      rule: {
        id: 'later',
        ...{ callers: ['web/shop'], ports: [80, [8080, 8090]], proto: 'opaque' },
        ...{ from: plus(T0, days(1)), until: plus(T0, days(2)) },
      },
    },
  ],
  ['an entry that is suspended', { op: 'entry.suspend', alias: 'pay/api' }],
  ['an entry under another name', { op: 'entry.rename', alias: 'pay/v2', to: 'pay/next' }],
  [
    'traffic that goes elsewhere',
    {
      op: 'split.set',
      alias: 'pay/api',
      split: {
        port: 8080,
        backendRefs: [
          { entry: 'pay/api', weight: 10 },
          { entry: 'pay/db', port: 9090, weight: 90 },
        ],
      },
    },
  ],
  ['a name like another', { op: 'entry.create', alias: 'web/sh0p', owner }],
  ['a narrower scope', { op: 'envelope.set', alias: 'web', envelope: { mayCall: [alias('pay')] } }],
]

export async function makeImpactVectors(): Promise<readonly ImpactVector[]> {
  const group = await given()
  const vectors: ImpactVector[] = []
  for (const [what, request] of proposals) {
    const { id } = await group.proposed(request)
    const { impact } = valueOf(await asked(group).impact(id))
    vectors.push({ what, impact: canonicalize(impact), digest: impactDigest(impact) })
  }
  const of = (what: string): ImpactVector => vectors.find((one) => one.what === what)!
  const [attached, moved, alike] = [
    of('a rule'),
    of('traffic that goes elsewhere'),
    of('a name like another'),
  ]
  const spelled = JSON.stringify(reversed(JSON.parse(attached.impact)), null, 2)
  vectors.push({ what: 'in another spelling of JSON', impact: spelled, digest: attached.digest })
  const bad = (what: string, { impact, digest }: ImpactVector, find: string, put: string): void => {
    if (impact.split(find).length !== 2) throw new Error(`${what}: ${find} is not there once`)
    vectors.push({ what, impact: impact.replace(find, put), digest, refused: true })
  }
  bad(
    'another proposal',
    attached,
    /"proposal":"[0-9a-f]{64}"/.exec(attached.impact)![0],
    `"proposal":"${'0'.repeat(64)}"`,
  )
  bad(
    'a permission less',
    attached,
    /\{"callee":"pay\/api","caller":"web\/cart"[^]*?\},(?=\{)/.exec(attached.impact)![0],
    '',
  )
  bad('another class', attached, '"class":"sensitive"', '"class":"routine"')
  bad('weights the other way round', moved, '"after":10,"before":90', '"after":90,"before":10')
  bad('no look-alike', alike, /,"lookAlikes":\[[^\]]*\]/.exec(alike.impact)![0], '')
  bad('a list where there is nothing', attached, '"objects"', '"lookAlikes":[],"objects"')
  bad('it says that there is more', attached, '"complete":true', '"complete":false')
  bad('a member that nobody knows', attached, '"v":1', '"v":1,"w":1')
  bad('a number as text', attached, '"v":1', '"v":"1"')
  return vectors
}

/** With the members of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, one]) => [name, reversed(one)] as const)
  return Object.fromEntries(members.reverse())
}
