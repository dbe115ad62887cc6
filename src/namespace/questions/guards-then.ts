import type { Alias } from '../../core/alias.js'
import type { Uid } from '../../core/uid.js'
import { open } from '../dsse.js'
import type { Guard } from '../guard/guard.js'
import { changeOf, deliberation } from '../history.js'
import { isDeliberation, readRecord } from '../log-record.js'
import type { IndexLog, StoredRecord } from '../ports.js'
import type { Scope } from '../scope.js'
import { scopePath, type Scopes } from '../scope-path.js'
import { placesOf } from '../standing.js'
import type { IndexState } from '../state.js'
import { operationOf, type Proposal, readProposal } from '../statements.js'
import type { Effort } from './effort.js'

type Log = Pick<IndexLog, 'read'>

/** A guard that a record set, or lifted. */
interface GuardChange {
  readonly seq: number
  readonly id: string
  readonly guard?: Guard
}

/** The scopes above what a record changed, with the guards that there were before it; and where it stood. */
export interface GuardedThen {
  readonly scopes: Scopes<Scope>
  readonly places: readonly Alias[]
}

/** What proposed a commit: beside it, or in earlier records. */
async function proposalOf(
  log: Log,
  state: IndexState,
  stored: StoredRecord,
): Promise<Proposal | undefined> {
  const [first] = stored.envelopes
  const statement = first && open(first)
  return statement ? readProposal(statement) : (await deliberation(log, state, stored))?.proposal
}

/**
 * Guards as they were when a record was made, read from the records about each scope above it. Those of a
 * scope are looked for once. A scope is found by the alias that it has.
 */
export function guardsThen(
  log: Log,
  state: IndexState,
  effort: Effort,
): (stored: StoredRecord) => Promise<GuardedThen | undefined> {
  const timelines = new Map<Uid, Promise<readonly GuardChange[]>>()
  const timelineOf = (uid: Uid): Promise<readonly GuardChange[]> => {
    const known = timelines.get(uid) ?? changesOf(log, state, uid, effort)
    timelines.set(uid, known)
    return known
  }
  return async (stored) => {
    const proposal = await proposalOf(log, state, stored)
    if (!proposal) return undefined
    const places = placesOf(proposal)
    const then = new Map<Alias, Scope>()
    for (const scope of places.flatMap((place) => scopePath<Scope>(state, place))) {
      const guards = guardsAt(await timelineOf(scope.uid), stored.seq)
      then.set(scope.alias, { ...scope, guards })
    }
    const scopes: Scopes<Scope> = {
      root: then.get(state.root.alias) ?? state.root,
      scopeByAlias: (alias) => then.get(alias),
    }
    return { scopes, places }
  }
}

function guardsAt(changes: readonly GuardChange[], seq: number): readonly Guard[] {
  const guards = new Map<string, Guard>()
  for (const change of changes.filter((one) => one.seq < seq)) {
    if (change.guard) guards.set(change.id, change.guard)
    else guards.delete(change.id)
  }
  return [...guards.values()]
}

async function changesOf(
  log: Log,
  state: IndexState,
  uid: Uid,
  effort: Effort,
): Promise<readonly GuardChange[]> {
  const changes: GuardChange[] = []
  for (const seq of state.recordsOf(uid)) {
    effort.spend(8)
    await effort.breathe()
    const [stored] = await log.read(seq, 1)
    const record = stored && readRecord(stored.bytes)
    if (!record || isDeliberation(record) || record.kind !== 'commit') continue
    const proposal = await proposalOf(log, state, stored)
    const operation = proposal && operationOf(changeOf(proposal, record))
    if (operation?.op === 'guard.set') {
      const { guard } = operation.body
      changes.push({ seq, id: guard.id, guard })
    } else if (operation?.op === 'guard.clear') {
      changes.push({ seq, id: operation.body.guard })
    }
  }
  return changes
}
