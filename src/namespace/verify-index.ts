import { ok, refuse, type Result } from '../core/result.js'
import type { Hash } from '../tlog/hash.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import { firstDifference } from './compare-states.js'
import { inconsistent, keptHead, verifyTree } from './index-tree.js'
import type { IndexStore, Pace } from './ports.js'
import { replay } from './replay.js'

/** What the whole log was read again for. */
export interface VerifiedIndex {
  readonly records: number
  /** Hash of the last record. */
  readonly head: string
  /** Of the tree over all records. */
  readonly root: Hash
}

interface VerifyDeps {
  readonly store: IndexStore
  readonly pace: Pace
  /** Nothing is appended meanwhile. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
  /** A head that was signed once, and that the log must go on from. */
  readonly from?: TreeHead
  /** Verifies the checkpoint that is kept. */
  readonly key?: VerifierKey
}

/** Reads the whole log again, and compares what it comes to with the tables and the tree. */
export async function verifyIndex({
  store,
  pace,
  inTurn,
  from,
  key,
}: VerifyDeps): Promise<Result<VerifiedIndex>> {
  const beyond = from && (await inTurn(() => store.size())) < from.size
  if (beyond === true) return inconsistent(from, { size: await store.size() })
  await using again = store.scratch()
  // The long part first: what is committed meanwhile is a short one.
  const most = await replay(store, again, { size: store.state.meta.size, pace })
  if (!most.ok) return most
  // In turn, so that nothing is in the log that is not in the tables yet.
  const { records, stored, kept, tables } = await inTurn(async () => ({
    records: await store.size(),
    stored: await store.tree.head(),
    kept: await keptHead(store.tree, key),
    tables: store.snapshot(),
  }))
  using now = tables
  const { size, head } = now.meta
  const rest = await replay(store, again, { size, pace })
  if (!rest.ok) return rest
  if (records !== size) return tablesDiffer(`${records} records, and tables of ${size}`)
  const difference = await firstDifference(again.state, now, pace)
  if (difference !== undefined) return tablesDiffer(difference)
  if (!kept.ok) return kept
  const heads = [from, kept.value].filter((head) => head !== undefined)
  const tree = await verifyTree(store, { size, stored, pace, from: heads })
  return tree.ok ? ok({ records: size, head, root: tree.value.root }) : tree
}

const tablesDiffer = (found: string) =>
  refuse('namespace.state-mismatch', 'the index tables say something else than the log', {
    wanted: 'what replaying the log comes to',
    found,
    next: 'stop the server, then: capstan index rebuild',
  })
