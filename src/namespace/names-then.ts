import { type Alias, ROOT } from '../core/alias.js'
import type { Uid } from '../core/uid.js'
import { readRecord } from './log-record.js'
import type { IndexLog } from './ports.js'
import type { IndexState } from './state.js'

/** What governed objects are called, or were, by uid: of those that have a name. */
export type Names = ReadonlyMap<Uid, Alias>

/** Records that are read for the names of one answer. */
const MOST_READ = 1000

/**
 * What objects were called at some moment of the log, also those that are renamed or gone since: a record
 * says the alias that its subject has after it. Each is read once; a uid that there was no record of by
 * then, and any after too many reads, has no name.
 */
export class NamesThen {
  private readonly log: Pick<IndexLog, 'read'>
  private readonly state: Pick<IndexState, 'recordsOf'>
  private readonly records = new Map<Uid, readonly number[]>()
  private readonly aliases = new Map<number, Alias | undefined>()

  constructor(log: Pick<IndexLog, 'read'>, state: Pick<IndexState, 'recordsOf'>) {
    this.log = log
    this.state = state
  }

  /** As the log was with `size` records. */
  async of(uids: readonly Uid[], size: number): Promise<Names> {
    const names = new Map<Uid, Alias>()
    for (const uid of uids) {
      const seq = this.recordsOf(uid)?.findLast((one) => one < size)
      const alias = seq === undefined ? undefined : await this.aliasBy(seq)
      if (alias !== undefined) names.set(uid, alias)
    }
    return names
  }

  private recordsOf(uid: Uid): readonly number[] | undefined {
    const known = this.records.get(uid)
    if (known || this.records.size >= MOST_READ) return known
    const found = this.state.recordsOf(uid)
    this.records.set(uid, found)
    return found
  }

  private async aliasBy(seq: number): Promise<Alias | undefined> {
    if (!this.aliases.has(seq) && this.aliases.size < MOST_READ) {
      const [stored] = await this.log.read(seq, 1)
      this.aliases.set(seq, stored && readRecord(stored.bytes)?.subject.alias)
    }
    return this.aliases.get(seq)
  }
}

/** Is it still called so? Not what is gone, nor what another is called by now. */
export function isCalled(state: IndexState, uid: Uid, alias: Alias): boolean {
  const entry = state.entryByAlias(alias)
  if (entry?.uid === uid) return entry.state !== 'retiring'
  const scope = alias === ROOT ? state.root : state.scopeByAlias(alias)
  if (scope?.uid === uid) return scope.state !== 'retired'
  return state.clusterByAlias(alias)?.uid === uid
}
