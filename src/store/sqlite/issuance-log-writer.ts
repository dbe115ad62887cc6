import type { Database, Statement } from 'better-sqlite3'
import { DependencyError } from '../../core/dependency-error.js'
import { issuanceRecordText, type RecordedLeaf } from '../../namespace/issuance-record.js'
import { type Hash, leafHash } from '../../tlog/hash.js'
import { NotRecordable } from './not-recordable.js'
import { TreeWriter } from './tree-writer.js'

/**
 * The issuance log, written: leaves are gathered while a batch is recorded and enter the tree together,
 * in the same transaction. Every method runs inside that.
 */
export class IssuanceLogWriter {
  readonly tree: TreeWriter
  private leaves: Hash[] = []
  /** Of the tree before this batch; undefined until a certificate is recorded. */
  private size: number | undefined
  private readonly addPruned: Statement

  constructor(database: Database) {
    this.tree = new TreeWriter(database, 'issuance')
    this.addPruned = database.prepare(
      'UPDATE issuance_tally SET pruned = pruned + @logged, earlier = earlier - @earlier',
    )
  }

  /** Of a batch: what one that was undone had gathered is forgotten. */
  begin(): void {
    this.leaves = []
    this.size = undefined
  }

  /** Number of the next record. A damaged tree fails what is recorded, and none of its neighbours. */
  next(): number {
    this.size ??= this.sound()
    return this.size + this.leaves.length
  }

  /** Under the number that `next` said, once its row is in the ledger. */
  add(leaf: RecordedLeaf): void {
    this.leaves.push(leafHash(issuanceRecordText(leaf)))
  }

  end(): void {
    this.tree.append(this.leaves)
  }

  /** Rows of the ledger that are dropped: those with a leaf, and those of before there was a log. */
  prune(dropped: { readonly logged: number; readonly earlier: number }): void {
    this.addPruned.run(dropped)
  }

  private sound(): number {
    try {
      return this.tree.ready()
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error
      throw new NotRecordable('the tree of the issuance log is damaged: restore a backup')
    }
  }
}
