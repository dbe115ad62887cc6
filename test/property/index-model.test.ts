import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { AttestedFacts } from '../../src/attestation/facts.js'
import { isUnder, ROOT } from '../../src/core/alias.js'
import { hours, seconds, type UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { effectiveEnvelope, suspendedAbove } from '../../src/namespace/effective-envelope.js'
import { effectOf } from '../../src/namespace/effect/effect-of.js'
import { type Entry, entryState } from '../../src/namespace/entry.js'
import { exceeds } from '../../src/namespace/envelope.js'
import { grantFor } from '../../src/namespace/grant.js'
import { rememberedStandings } from '../../src/namespace/remembered-standings.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { bindingKey } from '../../src/namespace/binding.js'
import type { Scope } from '../../src/namespace/scope.js'
import {
  canonicalState,
  type IndexState,
  placeOf,
  projectedNames,
} from '../../src/namespace/state.js'
import {
  alias,
  clusterFacts,
  type GivenIndex,
  givenIndex,
  k8s,
  owner,
  valueOf,
} from '../namespace/given-index.js'
import { steps } from './given-changes.js'

/** Every name, and the entries whose certificates may still carry it, as the test keeps it. */
type Carriers = Map<string, Map<string, number>>

const standingOf = rememberedStandings(1000)

/** All that could be shown to be this entry. */
const evidenceOf = (entry: Entry): readonly AttestedFacts[] => [
  { kind: 'join-token', entry: entry.uid, tokenId: 't' },
  ...entry.bindings.flatMap((binding): AttestedFacts[] =>
    binding.kind === 'k8s' ? [{ ...binding, serviceAccountUid: 'u', checked: 'online' }] : [],
  ),
]

/** Does it get a certificate of this very entry? */
function isGranted(
  state: IndexState,
  { uid }: Entry,
  facts: AttestedFacts,
  now: UnixSeconds,
): boolean {
  const granted = grantFor(state, facts, now)
  return granted.ok && granted.value.entry === uid
}

/** Issues to an entry as issuance would: only when it is granted, under the names of its grant. */
function issue(given: GivenIndex, name: string, carriers: Carriers): void {
  const { state } = given.index
  const now = given.clock.now()
  const entry = state.entryByAlias(alias(name))
  if (!entry) return
  for (const fact of evidenceOf(entry)) {
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
  checkRetiring(state, { live, scopes, now })
  for (const entry of state.entries.values()) {
    if (entryState(entry, now) !== 'active' || suspendedAbove(state, entry.alias)) {
      expect(evidenceOf(entry).filter((facts) => isGranted(state, entry, facts, now))).toEqual([])
    }
  }
  for (const entry of live) {
    const effective = effectiveEnvelope(state, entry)
    for (const scope of scopes) {
      const above = scope.alias === '' || entry.alias.startsWith(`${scope.alias}/`)
      if (above) expect(exceeds(effective, scope.envelope)).toBeUndefined()
    }
  }
}

/** What is found by keys is what a search through everything finds. */
function checkRetiring(
  state: IndexState,
  about: {
    readonly live: readonly Entry[]
    readonly scopes: readonly Scope[]
    readonly now: UnixSeconds
  },
): void {
  const { live, scopes, now } = about
  const context = { at: now, newUid: '' as Uid, issuedUntil: null }
  for (const { uid, alias: name, state: is } of state.clusters.values()) {
    if (is === 'retired') continue
    const isBound = live.some(({ bindings }) =>
      bindings.some((binding) => binding.kind === 'k8s' && binding.cluster === uid),
    )
    const subject = { alias: name, uid }
    const removed = effectOf(state, { op: 'cluster.remove', subject, body: {} }, context)
    expect([name, removed.ok]).toEqual([name, !isBound])
  }
  for (const { uid, alias: name } of scopes) {
    if (name === ROOT) continue
    const inside = [...live, ...scopes].filter(
      (object) => object.uid !== uid && isUnder(object.alias, name),
    )
    const subject = { alias: name, uid }
    const retired = effectOf(state, { op: 'scope.retire', subject, body: {} }, context)
    expect([name, retired.ok]).toEqual([name, inside.length === 0])
  }
  const under = [...state.entriesUnder(alias('a'))]
  const all = [...state.entries.values()].filter((entry) => isUnder(entry.alias, alias('a')))
  expect(under).toEqual(all.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)))
}

describe('an index under random changes', () => {
  it('replays to what it is, keeps its invariants, and is not changed by what it refuses', async () => {
    let accepted = 0
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { minLength: 10, maxLength: 60, size: 'max' }),
        async (run) => {
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
              const [before, size] = [canonicalState(given.index.state), given.store.records.length]
              const result = await given.index.change(step.request)
              expect(given.store.records).toHaveLength(result.ok ? size + 1 : size)
              if (!result.ok) expect(canonicalState(given.index.state)).toBe(before)
              if (result.ok) accepted += 1
              else refused += 1
              expect(given.issued.frozen.size).toBe(0)
            }
            checkInvariants(given)
          }
          const again = valueOf(await LiveIndex.open(given.deps))
          expect(canonicalState(again.state)).toBe(canonicalState(given.index.state))
        },
      ),
      { numRuns: 60 },
    )
    // The run is worth something only when it goes both ways.
    expect(accepted).toBeGreaterThan(200)
    expect(refused).toBeGreaterThan(200)
  }, 120_000)
})
