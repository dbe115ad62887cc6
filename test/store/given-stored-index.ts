import type { AttestedFacts } from '../../src/attestation/facts.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { type IndexDeps, LiveIndex } from '../../src/namespace/live-index.js'
import type { IndexState } from '../../src/namespace/state.js'
import type { Store } from '../../src/store/open-store.js'
import { alias, clusterFacts, k8s, owner, trustDomain, valueOf } from '../namespace/given-index.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeIssuedUntil } from '../support/issued-until.js'
import { countedRandom } from '../support/random.js'
import type { SqliteStores } from '../support/sqlite-stores.js'
import { newVoter } from '../support/voter.js'

export interface StoredIndex {
  readonly path: string
  readonly store: Store
  readonly index: LiveIndex
  readonly deps: IndexDeps
  did(...requests: readonly ChangeRequest[]): Promise<void>
  /** Closes the store, and opens it and its index again. */
  reopen(): Promise<StoredIndex>
}

/** A solo index in a file, with a cluster and an entry that is bound in it. */
export async function givenStoredIndex(
  stores: SqliteStores,
  writer: 'thread' | 'inline' = 'inline',
): Promise<StoredIndex> {
  const path = stores.newPath()
  const store = stores.open(path, writer)
  const deps: IndexDeps = {
    store: store.index,
    voter: newVoter(),
    clock: new FakeClock(),
    random: countedRandom('stored'),
    issued: new FakeIssuedUntil(),
  }
  const index = valueOf(await LiveIndex.create(deps, { trustDomain, controller: 'platform' }))
  const given = storedIndex(stores, { path, store, index, deps }, writer)
  await given.did(
    { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
    { op: 'scope.create', alias: 'payments' },
    { op: 'entry.create', alias: 'payments/api', owner, bindings: [k8s('prod', 'pay', 'api')] },
  )
  return given
}

function storedIndex(
  stores: SqliteStores,
  parts: Pick<StoredIndex, 'path' | 'store' | 'index' | 'deps'>,
  writer: 'thread' | 'inline',
): StoredIndex {
  return {
    ...parts,
    async did(...requests) {
      for (const request of requests) valueOf(await parts.index.change(request))
    },
    async reopen() {
      await parts.store[Symbol.asyncDispose]()
      const store = stores.open(parts.path, writer)
      const deps = { ...parts.deps, store: store.index }
      const index = valueOf(await LiveIndex.open(deps))
      return storedIndex(stores, { ...parts, store, index, deps }, writer)
    },
  }
}

/** What a token of `payments/api`'s pod comes to. */
export const apiFacts = (state: IndexState): AttestedFacts => ({
  kind: 'k8s',
  cluster: state.clusterByAlias(alias('prod'))!.uid,
  namespace: 'pay',
  serviceAccount: 'api',
  serviceAccountUid: 'u',
  checked: 'online',
})
