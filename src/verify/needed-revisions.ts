import { emergencyRuleId } from '../namespace/effect/rules.js'
import type { Entry } from '../namespace/entry.js'
import type { LogRecord } from '../namespace/log-record.js'
import type { Operation } from '../namespace/operation.js'
import { mayBeGraver } from './class-known.js'

/** The records about an entry, the latest first, and what was proposed where one is looked at. */
export type Backwards = AsyncIterable<{
  readonly record: LogRecord
  readonly operation: () => Promise<Operation | undefined>
}>

type Terms = Pick<Entry, 'rev' | 'rules' | 'splits'>

/** Which changes of an entry a bundle shows: all, or those that it needs, which are found once. */
export class NeededChanges {
  readonly which: 'needed' | 'all'
  #known: { readonly head: string; readonly revisions: ReadonlySet<number> } | undefined

  constructor(which: 'needed' | 'all') {
    this.which = which
  }

  async of(
    entry: Terms & Pick<Entry, 'head'>,
    backwards: () => Backwards,
  ): Promise<(record: Pick<LogRecord, 'rev'>) => boolean> {
    if (this.which === 'all') return () => true
    const { head } = entry
    const known = this.#known?.head === head ? this.#known : undefined
    const revisions = known?.revisions ?? new Set(await neededRevisions(entry, backwards()))
    this.#known = { head, revisions }
    return ({ rev }) => revisions.has(rev)
  }
}

/**
 * Revisions whose changes a bundle has to show: the last, and those that made each rule and split what
 * it is. Of what only took away or weighed anew, also the latest before that was of the gravest class:
 * it is held against that. No record is read that is older than all of these.
 */
async function neededRevisions(entry: Terms, backwards: Backwards): Promise<readonly number[]> {
  const found = new Set([entry.rev])
  const sought = new Sought(entry)
  if (sought.isOver()) return [...found]
  for await (const { record, operation } of backwards) {
    if (await sought.find(record, operation)) found.add(record.rev)
    if (sought.isOver()) break
  }
  return [...found]
}

class Sought {
  /** By the revision that made it, the id of a rule. */
  readonly #made: Map<number, string>
  /** Rules that were narrowed: what they were. */
  readonly #before = new Set<string>()
  /** Ports whose split is not found yet, or what it was before it was weighed anew. */
  readonly #ports: Map<number, 'made' | 'before'>

  constructor({ rules, splits = [] }: Terms) {
    this.#made = new Map(rules.map(({ id, rev }) => [rev, id]))
    this.#ports = new Map(splits.map(({ port }) => [port, 'made']))
  }

  isOver(): boolean {
    return this.#made.size + this.#before.size + this.#ports.size === 0
  }

  async find(
    { kind, rev, seq, class: own }: LogRecord,
    operationOf: () => Promise<Operation | undefined>,
  ): Promise<boolean> {
    const made = this.#made.get(rev)
    if (made !== undefined) {
      this.#made.delete(rev)
      if (mayBeGraver('rule.replace', own)) this.#before.add(made)
      return true
    }
    if (kind === 'emergency') return this.#before.delete(emergencyRuleId(seq))
    if (kind !== 'commit' || this.#before.size + this.#ports.size === 0) return false
    const operation = await operationOf()
    if (operation?.op === 'rule.attach' || operation?.op === 'rule.replace') {
      return !mayBeGraver(operation.op, own) && this.#before.delete(operation.body.rule.id)
    }
    return operation?.op === 'split.set' && this.#split(operation.body.split.port, own)
  }

  #split(port: number, own: LogRecord['class']): boolean {
    const sought = this.#ports.get(port)
    const isLight = mayBeGraver('split.set', own)
    if (sought === undefined || (sought === 'before' && isLight)) return false
    if (isLight) this.#ports.set(port, 'before')
    else this.#ports.delete(port)
    return true
  }
}
