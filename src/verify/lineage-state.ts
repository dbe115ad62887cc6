import { FoldedState } from '../namespace/folded-state.js'
import type { LogRecord } from '../namespace/log-record.js'
import type { Scope } from '../namespace/scope.js'

/**
 * Scopes as records about them made them, one after the other, and nothing else of the index: what the
 * fold asks about who decides, it finds here as it was before any record.
 */
export class LineageState extends FoldedState {
  private place = { size: 0, head: '' }

  override get size(): number {
    return this.place.size
  }

  override get head(): string {
    return this.place.head
  }

  /** From here on it is the state that this record is added to. */
  before({ seq, chain }: Pick<LogRecord, 'seq'> & { readonly chain: string | null }): void {
    this.place = { size: seq, head: chain ?? '' }
  }

  /** What the record made. */
  made(put: Scope): void {
    this.imagine({ put, quarantine: [] })
  }
}
