import type { Alias } from '../../src/core/alias.js'
import type { TrustDomain } from '../../src/core/names.js'
import type { RefusalCode } from '../../src/core/refusal.js'
import type { Result } from '../../src/core/result.js'
import type { Change } from '../../src/namespace/change.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import type { ClusterFacts } from '../../src/namespace/cluster.js'
import type { Entry } from '../../src/namespace/entry.js'
import type { Founding } from '../../src/namespace/genesis.js'
import { type IndexDeps, LiveIndex, type Made } from '../../src/namespace/live-index.js'
import type { VoterSigner } from '../../src/namespace/ports.js'
import type { Scope } from '../../src/namespace/scope.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeIssuedUntil } from '../support/issued-until.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { countedRandom } from '../support/random.js'
import { newVoter } from '../support/voter.js'

export const trustDomain = 'acme.example' as TrustDomain
export const owner = { controller: 'team-payments' }
export const alias = (text: string): Alias => text as Alias

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`)
  return result.value
}

/** The changes that were made; throws where something waits for votes. */
export function changesOf(made: readonly Made[]): Change[] {
  return made.map((one) => {
    if (one.kind === 'waits') throw new Error(`${one.op} waits for votes`)
    return one.change
  })
}

export const codeOf = (result: Result<unknown>): RefusalCode | 'ok' =>
  result.ok ? 'ok' : result.refusal.code

/** What is registered about a cluster called `name`. */
export const clusterFacts = (name: string, more: Partial<ClusterFacts> = {}): ClusterFacts => ({
  identityTrustDomain: `${name}.local` as TrustDomain,
  controlPlaneNamespace: 'linkerd',
  issuer: `https://${name}.example`,
  audience: 'capstan',
  validation: 'online',
  ...more,
})

export const k8s = (
  cluster: string,
  namespace: string,
  serviceAccount: string,
): {
  readonly kind: 'k8s'
  readonly cluster: string
  readonly namespace: string
  readonly serviceAccount: string
} => ({ kind: 'k8s', cluster, namespace, serviceAccount })

export interface GivenIndex {
  readonly index: LiveIndex
  readonly deps: IndexDeps
  readonly store: MemoryIndexStore
  readonly clock: FakeClock
  readonly issued: FakeIssuedUntil
  /** Makes the changes one by one; each must succeed. Answers the last. */
  did(...requests: readonly ChangeRequest[]): Promise<Change>
  /** The code of the refusal, or `ok`. Takes anything, as `change` does. */
  codeFor(request: unknown): Promise<RefusalCode | 'ok'>
  entry(text: string): Entry
  scope(text: string): Scope
}

/** A new solo index in memory, at T0. */
export const givenIndex = (...requests: readonly ChangeRequest[]): Promise<GivenIndex> =>
  givenFounded({}, ...requests)

/** The same, with a word in its genesis about the key of its log. */
export async function givenFounded(
  { log, voter = newVoter() }: Pick<Founding, 'log'> & { readonly voter?: VoterSigner },
  ...requests: readonly ChangeRequest[]
): Promise<GivenIndex> {
  const clock = new FakeClock()
  const store = new MemoryIndexStore()
  const issued = new FakeIssuedUntil()
  const deps = { store, voter, clock, random: countedRandom('index'), issued }
  const about = { trustDomain, controller: 'platform', ...(log && { log }) }
  const index = valueOf(await LiveIndex.create(deps, about))
  const given: GivenIndex = {
    index,
    deps,
    store,
    clock,
    issued,
    async did(...changes) {
      let last: Change | undefined
      for (const change of changes) [last] = changesOf([valueOf(await index.change(change))])
      if (!last) throw new Error('no change')
      return last
    },
    codeFor: async (request) => codeOf(await index.change(request)),
    entry: (text) => present(index.state.entryByAlias(alias(text))),
    scope: (text) => present(index.state.scopeByAlias(alias(text))),
  }
  if (requests.length > 0) await given.did(...requests)
  return given
}

function present<T>(object: T | undefined): T {
  if (object === undefined) throw new Error('there is no such object')
  return object
}

/** A change that another process makes to the same log: this one's tables do not know of it. */
export async function writtenByAnother(
  { deps, store }: GivenIndex,
  request: ChangeRequest,
): Promise<void> {
  const theirs = new MemoryIndexStore(store.records)
  const index = valueOf(await LiveIndex.open({ ...deps, store: theirs }))
  valueOf(await index.change(request))
  store.records = theirs.records
}
