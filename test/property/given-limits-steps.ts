import fc from 'fast-check'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { clusterFacts, k8s } from '../namespace/given-index.js'

const entries = fc.constantFrom('a/b', 'a/b', 'a/c', 'd/e')
const scopes = fc.constantFrom('', 'a', 'a', 'd')
const ids = fc.constantFrom('x', 'y')
const clusters = fc.constantFrom('k1', 'k2')
const ttl = fc.constantFrom(600, 3600, 43_200, 86_400)

/** What limits what there is, and says who may call whom. */
export const limits: fc.Arbitrary<ChangeRequest> = fc.oneof(
  fc
    .tuple(fc.constantFrom('rule.attach', 'rule.attach', 'rule.replace'), entries, ids, entries)
    .map(([op, alias, id, caller]): ChangeRequest => ({
      op,
      alias,
      rule: { id, callers: [caller], ports: [8080] },
    })),
  fc
    .tuple(entries, ids)
    .map(([alias, rule]): ChangeRequest => ({ op: 'rule.detach', alias, rule })),
  fc
    .tuple(entries, fc.constantFrom(80, 81), entries)
    .map(([alias, port, entry]): ChangeRequest => ({
      op: 'split.set',
      alias,
      split: { port, backendRefs: [{ entry }] },
    })),
  fc
    .tuple(entries, fc.constantFrom(80, 81))
    .map(([alias, port]): ChangeRequest => ({ op: 'split.clear', alias, port })),
  fc.tuple(scopes, ids, ttl).map(([alias, id, maxTtl]): ChangeRequest => ({
    op: 'guard.set',
    alias,
    guard: { id, effect: 'maxTtl', maxTtl },
  })),
  fc
    .tuple(
      scopes,
      ids,
      fc.constantFrom<'minThreshold' | 'minControllers'>('minThreshold', 'minControllers'),
    )
    .map(([alias, id, effect]): ChangeRequest => ({
      op: 'guard.set',
      alias,
      // All of three equals, where two decide.
      guard: { id, effect, least: { sensitive: effect === 'minThreshold' ? 300 : 3 } },
    })),
  fc
    .tuple(scopes, ids)
    .map(([alias, guard]): ChangeRequest => ({ op: 'guard.clear', alias, guard })),
  fc.tuple(fc.oneof(scopes, entries), ttl).map(([alias, maxTtl]): ChangeRequest => ({
    op: 'envelope.set',
    alias,
    envelope: { maxTtl },
  })),
  fc
    .tuple(entries, clusters, fc.constantFrom('s', 't'))
    .map(([alias, cluster, account]): ChangeRequest => ({
      op: 'binding.add',
      alias,
      binding: k8s(cluster, 'n', account),
    })),
  fc
    .tuple(entries, clusters, fc.constantFrom('s', 't'))
    .map(([alias, cluster, account]): ChangeRequest => ({
      op: 'binding.remove',
      alias,
      binding: `${cluster}/n/${account}`,
    })),
  fc
    .tuple(fc.constantFrom('cluster.register', 'cluster.update'), clusters)
    .map(([op, alias]): ChangeRequest => ({ op, alias, cluster: clusterFacts(alias) })),
  clusters.map((alias): ChangeRequest => ({ op: 'cluster.remove', alias })),
)
