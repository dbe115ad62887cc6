import fc from 'fast-check'
import type { BindingRequest, ChangeRequest } from '../../src/namespace/change-request.js'
import type { Envelope } from '../../src/namespace/envelope.js'
import type { Guard } from '../../src/namespace/guard/guard.js'
import { alias, clusterFacts, k8s, owner } from '../namespace/given-index.js'

// Few names, so that changes get into each other's way.
const names = fc.constantFrom('a', 'a/b', 'a/b/c', 'd', 'd/e')
const clusters = fc.constantFrom('one', 'two')
const k8sBindings = fc
  .tuple(clusters, fc.constantFrom('n', 'm'), fc.constantFrom('s', 's.t'))
  .map(([cluster, namespace, account]) => k8s(cluster, namespace, account))
const bindings: fc.Arbitrary<BindingRequest> = fc.oneof(
  { weight: 4, arbitrary: k8sBindings },
  {
    weight: 1,
    arbitrary: fc
      .subarray(['1', '2', '3'], { minLength: 1 })
      .map((values) => ({ kind: 'vm', attestor: 'aws', match: { account: values } }) as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('d1', 'd2')
      .map((device) => ({ kind: 'edge', attestor: 'tpm', device }) as const),
  },
)
const someEnvelope: fc.Arbitrary<Envelope> = fc.record(
  {
    maxTtl: fc.constantFrom(60, 600, 86_400),
    usages: fc.subarray(['clientAuth', 'serverAuth'] as const),
    names: fc.subarray(['', 'a', 'd/e'].map(alias)),
  },
  { requiredKeys: [] },
)

const ports = fc.subarray([80, [8000, 8010], 443] as const, { minLength: 1 })
const rules = fc.record(
  {
    id: fc.constantFrom('r1', 'r2'),
    callers: fc.array(
      fc.oneof(
        names,
        fc.constantFrom('', 'a', 'd').map((subtree) => ({ subtree })),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    ports,
    routes: fc.subarray(
      [
        { method: 'GET', path: { prefix: '/' } },
        { path: { exact: '/x' }, headers: [{ name: 'X-Team', value: 'a' }] },
      ] as const,
      { minLength: 1 },
    ),
    until: fc.constantFrom(1_900_000_000, '2030-01-01T00:00:00Z'),
  },
  { requiredKeys: ['id', 'callers', 'ports'] },
)
const guards: fc.Arbitrary<Guard> = fc.oneof(
  fc.record(
    {
      id: fc.constantFrom('g1', 'g2'),
      effect: fc.constant('forbid' as const),
      callers: fc.subarray(['', 'a', 'd/e'].map(alias), { minLength: 1 }),
      callees: fc.subarray(['a', 'a/b'].map(alias), { minLength: 1 }),
    },
    { requiredKeys: ['id', 'effect'] },
  ),
  fc.constantFrom<Guard>(
    { id: 'g1', effect: 'maxTtl', maxTtl: 300 },
    { id: 'g2', effect: 'maxTtl', maxTtl: 30_000 },
    { id: 'g2', effect: 'requireRoutes' },
    { id: 'g1', effect: 'minThreshold', least: { sensitive: 2 } },
    { id: 'g2', effect: 'minControllers', least: { routine: 1, structural: 2 } },
  ),
)

/** Changes of rules, splits and guards. */
const policies: fc.Arbitrary<ChangeRequest> = fc.oneof(
  fc.record({
    op: fc.constantFrom('rule.attach' as const, 'rule.replace' as const),
    alias: names,
    rule: rules,
  }),
  fc.record({
    op: fc.constant('rule.detach' as const),
    alias: names,
    rule: fc.constantFrom('r1', 'r2'),
  }),
  fc.record({
    op: fc.constant('split.set' as const),
    alias: names,
    split: fc.record({
      port: fc.constantFrom(80, 443),
      backendRefs: fc.array(fc.record({ entry: names, weight: fc.constantFrom(0, 1, 9) }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
  }),
  fc.record({
    op: fc.constant('split.clear' as const),
    alias: names,
    port: fc.constantFrom(80, 443),
  }),
  fc.record({
    op: fc.constant('guard.set' as const),
    alias: fc.oneof(names, fc.constant('')),
    guard: guards,
  }),
  fc.record({
    op: fc.constant('guard.clear' as const),
    alias: fc.oneof(names, fc.constant('')),
    guard: fc.constantFrom('g1', 'g2'),
  }),
)

const requests: fc.Arbitrary<ChangeRequest> = fc.oneof(
  { weight: 9, arbitrary: policies },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('entry.create' as const),
      alias: names,
      owner: fc.constant(owner),
      bindings: fc.array(bindings, { maxLength: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('binding.add' as const),
      alias: names,
      binding: bindings,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('binding.remove' as const),
      alias: names,
      binding: k8sBindings.map((b) => `${b.cluster}/${b.namespace}/${b.serviceAccount}`),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom(
        'entry.suspend' as const,
        'entry.reactivate' as const,
        'entry.retire' as const,
      ),
      alias: names,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('entry.rename' as const), alias: names, to: names }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('scope.create' as const),
      alias: names,
      envelope: someEnvelope,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constantFrom(
        'scope.suspend' as const,
        'scope.reactivate' as const,
        'scope.retire' as const,
      ),
      alias: names,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('envelope.set' as const),
      alias: fc.oneof(names, fc.constant('')),
      envelope: someEnvelope,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom('cluster.register' as const, 'cluster.update' as const),
      alias: clusters,
      // Both clusters may come to share an identity trust domain.
      cluster: fc
        .tuple(clusters, fc.constantFrom('x', 'y'))
        .map(([domain, issuer]) => clusterFacts(domain, { issuer: `https://${issuer}.example` })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('cluster.remove' as const), alias: clusters }),
  },
)

/** A change, or time that passes, or a certificate that is issued. */
export const steps = fc.oneof(
  { weight: 12, arbitrary: requests.map((request) => ({ kind: 'change', request }) as const) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, 26, 60).map((count) => ({ kind: 'wait', count }) as const),
  },
  { weight: 3, arbitrary: names.map((name) => ({ kind: 'issue', name }) as const) },
)
