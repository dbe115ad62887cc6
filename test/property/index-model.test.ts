import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hours, seconds } from '../../src/core/time.js'
import type { BindingRequest, ChangeRequest } from '../../src/namespace/change-request.js'
import { effectiveEnvelope, suspendedAbove } from '../../src/namespace/effective-envelope.js'
import { entryState } from '../../src/namespace/entry.js'
import { type Envelope, exceeds } from '../../src/namespace/envelope.js'
import { grantFor } from '../../src/namespace/grant.js'
import { rememberedStandings } from '../../src/namespace/remembered-standings.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { bindingKey } from '../../src/namespace/binding.js'
import { canonicalState, projectedNames } from '../../src/namespace/state.js'
import {
  alias,
  clusterFacts,
  type GivenIndex,
  givenIndex,
  k8s,
  owner,
  valueOf,
} from '../namespace/given-index.js'

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

const requests: fc.Arbitrary<ChangeRequest> = fc.oneof(
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
const steps = fc.oneof(
  { weight: 12, arbitrary: requests.map((request) => ({ kind: 'change', request }) as const) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, 26, 60).map((count) => ({ kind: 'wait', count }) as const),
  },
  { weight: 3, arbitrary: names.map((name) => ({ kind: 'issue', name }) as const) },
)

/** Every name, and the entries whose certificates may still carry it, as the test keeps it. */
type Carriers = Map<string, Map<string, number>>

const standingOf = rememberedStandings(1000)

/** Issues to an entry as issuance would: only when it is granted, under the names of its grant. */
function issue(given: GivenIndex, name: string, carriers: Carriers): void {
  const { state } = given.index
  const now = given.clock.now()
  const entry = state.entryByAlias(alias(name))
  if (!entry) return
  const facts = [
    { kind: 'join-token', entry: entry.uid, tokenId: 't' } as const,
    ...entry.bindings.flatMap((binding) =>
      binding.kind === 'k8s'
        ? [{ ...binding, serviceAccountUid: 'u', checked: 'online' } as const]
        : [],
    ),
  ]
  for (const fact of facts) {
    // As the server asks: with a memory of the standings of the latest state.
    const granted = grantFor(state, fact, now, standingOf)
    expect(granted).toEqual(grantFor(state, fact, now))
    if (!granted.ok) continue
    const holder = state.entries.get(granted.value.entry)
    if (!holder) throw new Error('a grant for no entry')
    // The service account of a retired entry may be bound to another one by now.
    if (holder.uid !== entry.uid) expect(entryState(entry, now)).toBe('retired')
    expect(entryState(holder, now)).toBe('active')
    expect(suspendedAbove(state, holder.alias)).toBeUndefined()
    const until = now + granted.value.maxTtl
    const before = given.issued.until.get(holder.uid) ?? 0
    if (until > before) given.issued.until.set(holder.uid, (now + seconds(until - now)) as never)
    for (const { value } of granted.value.names) {
      const holders = carriers.get(value) ?? new Map<string, number>()
      holders.set(holder.uid, Math.max(holders.get(holder.uid) ?? 0, until))
      carriers.set(value, holders)
      // What drain is for: no name is valid for two entries at one time.
      for (const [uid, end] of holders) expect(uid === holder.uid || end < now).toBe(true)
    }
  }
}

/** What holds in every state. */
function checkInvariants({ index, clock }: GivenIndex): void {
  const { state } = index
  const now = clock.now()
  const live = [...state.entries.values()].filter((entry) => entryState(entry, now) !== 'retired')
  const once = (kind: string, held: readonly string[]) =>
    expect([kind, held.length]).toEqual([kind, new Set(held).size])
  once(
    'alias',
    live.map((entry) => entry.alias),
  )
  once(
    'name',
    live.flatMap((entry) => projectedNames(state, entry)),
  )
  once(
    'binding',
    live.flatMap((entry) => entry.bindings.flatMap((b) => bindingKey(b) ?? [])),
  )
  const scopes = [...state.scopes.values()].filter((scope) => scope.state !== 'retired')
  once(
    'alias of a scope',
    scopes.map((scope) => scope.alias),
  )
  once(
    'alias of either',
    [...scopes, ...live].map((object) => object.alias),
  )
  for (const entry of live) {
    const effective = effectiveEnvelope(state, entry)
    for (const scope of scopes) {
      const above = scope.alias === '' || entry.alias.startsWith(`${scope.alias}/`)
      if (above) expect(exceeds(effective, scope.envelope)).toBeUndefined()
    }
  }
}

describe('an index under random changes', () => {
  it('replays to what it is, keeps its invariants, and is not changed by what it refuses', async () => {
    let accepted = 0
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 40 }), async (run) => {
        const given = await givenIndex(
          { op: 'cluster.register', alias: 'one', cluster: clusterFacts('one') },
          { op: 'cluster.register', alias: 'two', cluster: clusterFacts('two') },
          { op: 'entry.create', alias: 'a/b', owner, bindings: [k8s('one', 'n', 's')] },
        )
        const carriers: Carriers = new Map()
        for (const step of run) {
          if (step.kind === 'wait') given.clock.advance(hours(step.count))
          else if (step.kind === 'issue') issue(given, step.name, carriers)
          else {
            const [before, size] = [canonicalState(given.index.state), given.log.records.length]
            const result = await given.index.change(step.request)
            expect(given.log.records).toHaveLength(result.ok ? size + 1 : size)
            if (!result.ok) expect(canonicalState(given.index.state)).toBe(before)
            if (result.ok) accepted += 1
            else refused += 1
            expect(given.issued.frozen.size).toBe(0)
          }
          checkInvariants(given)
        }
        const again = valueOf(await LiveIndex.open(given.deps))
        expect(canonicalState(again.state)).toBe(canonicalState(given.index.state))
      }),
      { numRuns: 100 },
    )
    // The run is worth something only when it goes both ways.
    expect(accepted).toBeGreaterThan(200)
    expect(refused).toBeGreaterThan(200)
  }, 120_000)
})
