import { hours, plus } from '../../../src/core/time.js'
import { clusterFacts, k8s, owner } from '../../namespace/given-index.js'
import type { GivenLog } from './given-log.js'

const vm = {
  kind: 'vm',
  attestor: 'metal',
  match: { rack: ['a', 'b'], role: ['db'] },
} as const
const edge = { kind: 'edge', attestor: 'till', device: 'till-7', fleet: 'shops' } as const

/** Every operation of which one voter alone may decide. */
export async function actsAlone(given: GivenLog): Promise<void> {
  await clustersAndScopes(given)
  await entries(given)
  await rulesAndSplits(given)
  await guardsAndEnvelopes(given)
  await endings(given)
}

const clustersAndScopes = (given: GivenLog): Promise<void> =>
  given.did(
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    {
      op: 'cluster.update',
      alias: 'prod',
      cluster: clusterFacts('prod', { audience: 'capstan-2' }),
    },
    { op: 'cluster.register', alias: 'old', cluster: clusterFacts('old') },
    { op: 'cluster.remove', alias: 'old' },
    { op: 'scope.create', alias: 'shop', reason: 'a region of names', ticket: 'T-1' },
    {
      op: 'scope.create',
      alias: 'shop/pay',
      envelope: { maxTtl: 43_200, mayCall: ['shop' as never] },
    },
    { op: 'scope.create', alias: 'attic' },
    { op: 'scope.suspend', alias: 'attic' },
    { op: 'scope.reactivate', alias: 'attic' },
    { op: 'scope.retire', alias: 'attic' },
  )

async function entries(given: GivenLog): Promise<void> {
  await given.did(
    { op: 'entry.create', alias: 'shop/web', owner, bindings: [k8s('prod', 'shop', 'web')] },
    {
      op: 'entry.create',
      alias: 'shop/pay/api',
      owner: { controller: 'team-payments', contact: 'pay@acme.example' },
      envelope: {
        maxTtl: 3600,
        mayCall: ['shop' as never],
        ports: [
          [9000, 9001],
          [8080, 8080],
          [9002, 9002],
        ],
      },
      labels: { tier: '1', note: 'naïve ☃ \u{1f6d2} "quoted"' },
      validUntil: plus(given.now(), hours(24 * 365)),
    },
    {
      op: 'entry.create',
      alias: 'shop/db',
      owner,
      envelope: { maxTtl: 3600, mayCall: ['shop' as never] },
      bindings: [vm],
    },
    { op: 'entry.create', alias: 'till', owner },
    { op: 'binding.add', alias: 'shop/web', binding: k8s('prod', 'shop', 'web-2') },
    { op: 'binding.add', alias: 'till', binding: edge },
  )
  // What was issued under a name keeps others from it for a while: here longer than the least.
  given.issued.until.set(given.entry('shop/web').uid, plus(given.now(), hours(30)))
  await given.did(
    { op: 'binding.remove', alias: 'shop/web', binding: 'prod/shop/web-2' },
    { op: 'entry.update', alias: 'shop/pay/api', labels: { tier: '2' } },
    { op: 'entry.update', alias: 'shop/pay/api', owner, validUntil: null },
    { op: 'entry.suspend', alias: 'shop/db' },
    { op: 'entry.reactivate', alias: 'shop/db' },
    { op: 'entry.rename', alias: 'shop/db', to: 'shop/pay/db' },
  )
}

const rulesAndSplits = (given: GivenLog): Promise<void> =>
  given.did(
    {
      op: 'rule.attach',
      alias: 'shop/pay/api',
      rule: {
        id: 'orders',
        callers: ['shop/web', 'till', { subtree: 'shop' }],
        ports: [9000, [9001, 9002]],
        routes: [
          {
            method: 'POST',
            path: { prefix: '/orders/' },
            headers: [{ name: 'X-Shop', value: '1' }],
          },
          { path: { exact: '/health' } },
        ],
        until: plus(given.now(), hours(1000)),
      },
    },
    {
      op: 'rule.attach',
      alias: 'shop/pay/api',
      rule: { id: 'admin', callers: ['till'], ports: [8080], proto: 'opaque' },
    },
    {
      op: 'rule.replace',
      alias: 'shop/pay/api',
      rule: { id: 'admin', callers: ['shop/web'], ports: [8080] },
    },
    { op: 'rule.detach', alias: 'shop/pay/api', rule: 'orders' },
    {
      op: 'split.set',
      alias: 'shop/pay/api',
      split: {
        port: 8080,
        backendRefs: [
          { entry: 'shop/pay/db', port: 5432, weight: 1 },
          { entry: 'shop/pay/api', port: 8080, weight: 9 },
        ],
      },
    },
    {
      op: 'split.set',
      alias: 'shop/pay/api',
      split: { port: 9000, backendRefs: [{ entry: 'shop/pay/api' }] },
    },
    { op: 'split.clear', alias: 'shop/pay/api', port: 9000 },
  )

const guardsAndEnvelopes = (given: GivenLog): Promise<void> =>
  given.did(
    {
      op: 'guard.set',
      alias: 'shop',
      guard: {
        id: 'no-tills',
        effect: 'forbid',
        callers: ['till'] as never,
        callees: ['shop/pay', 'shop/pay/db'] as never,
        ports: [
          [5432, 5432],
          [5433, 5440],
        ],
      },
    },
    { op: 'guard.set', alias: 'shop', guard: { id: 'half-day', effect: 'maxTtl', maxTtl: 43_200 } },
    { op: 'guard.set', alias: 'shop/pay', guard: { id: 'routes', effect: 'requireRoutes' } },
    {
      op: 'guard.set',
      alias: '',
      guard: { id: 'two', effect: 'minControllers', least: { sensitive: 1 } },
    },
    { op: 'guard.clear', alias: 'shop', guard: 'half-day' },
    { op: 'envelope.set', alias: 'shop/pay', envelope: { maxTtl: 3600 } },
    { op: 'envelope.set', alias: 'shop/pay/api', envelope: { maxTtl: 1800 } },
  )

async function endings(given: GivenLog): Promise<void> {
  given.issued.until.set(given.entry('shop/pay/db').uid, plus(given.now(), hours(2)))
  await given.did(
    { op: 'split.clear', alias: 'shop/pay/api', port: 8080 },
    { op: 'entry.retire', alias: 'shop/pay/db' },
    { op: 'entry.create', alias: 'spare', owner },
    { op: 'entry.retire', alias: 'spare' },
  )
}
