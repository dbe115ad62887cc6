import { ok, refuse, type Result } from '../core/result.js'
import type { Hash } from '../tlog/hash.js'
import type { LogHead } from '../tlog/ports.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import { firstDifference } from './compare-states.js'
import { isOfSigned, verifyMap } from './index-map.js'
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
  readonly from?: LogHead
  /** Verifies the checkpoint that is kept. */
  readonly key?: VerifierKey
}

/** Reads the whole log again, and compares what it comes to with the tables, their map and the tree. */
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
  const most = store.state.meta.size
  const signed = [from, await store.tree.checkpoint()].filter((head) => head !== undefined)
  let isAsSigned: Result<undefined> = ok()
  for (const head of signed.sort((a, b) => a.size - b.size)) {
    if (head.size > most) continue
    const part = await replay(store, again, { size: head.size, pace })
    if (!part.ok) return part
    if (isAsSigned.ok) isAsSigned = isOfSigned(again, head)
  }
  const whole = await replay(store, again, { size: most, pace })
  if (!whole.ok) return whole
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
  const mapped = await verifyMap(now.map, { size, root: again.map.root.hash }, pace)
  if (!mapped.ok) return mapped
  if (!kept.ok) return kept
  const heads = [from, kept.value].filter((head) => head !== undefined)
  const tree = await verifyTree(store, { size, stored, pace, from: heads })
  if (!tree.ok) return tree
  // After the tree: of another log nothing is as it was signed.
  return isAsSigned.ok ? ok({ records: size, head, root: tree.value.root }) : isAsSigned
}

const tablesDiffer = (found: string) =>
  refuse('namespace.state-mismatch', 'the index tables say something else than the log', {
    wanted: 'what replaying the log comes to',
    found,
    next: 'stop the server, then: capstan index rebuild',
  })
