import { ok, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { type Change, changeOf } from './change.js'
import { DraftLog } from './draft-log.js'
import { recordOfPart } from './fold-commit.js'
import { releasesNames } from './operation.js'
import { decidePart, partsOf } from './parts.js'
import type { Pending } from './pending.js'
import { standingOf } from './standing.js'

export interface EffectContext {
  /** The log's time. */
  readonly at: UnixSeconds
  /** Stops issuance for the entry, and answers the latest notAfter ever issued to it. */
  readonly freeze: (entry: Uid) => Promise<UnixSeconds | undefined>
}

/** Adds the changes that a proposal asks for, if its votes still carry it and nothing is in its way. */
export async function takeEffect(
  draft: DraftLog,
  row: Pending,
  { at, freeze }: EffectContext,
): Promise<Result<readonly Change[]>> {
  const all = partsOf(row.proposal, row.digest)
  const until = new Map<Uid, UnixSeconds | null>()
  for (const { proposal } of all) {
    const { uid } = proposal.subject
    if (uid && releasesNames(proposal.op)) until.set(uid, (await freeze(uid)) ?? null)
  }
  const issuedUntil = (uid: Uid): UnixSeconds | null => until.get(uid) ?? null
  // All of them or none: what is in the way of one, a guard that another sets included, is found on a
  // draft of their own.
  const trial = new DraftLog(draft.state)
  const changes: Change[] = []
  for (const part of all) {
    const decided = decidePart(trial.state, part, { at, issuedUntil })
    if (!decided.ok) return decided
    const { op, subject } = part.proposal
    const released =
      subject.uid && releasesNames(op) ? { issuedUntil: issuedUntil(subject.uid) } : {}
    const record = recordOfPart(trial.state, row, part, { at, decided: decided.value, ...released })
    const added = trial.add(record, [])
    if (!added.ok) return added
    changes.push(changeOf(op, record))
  }
  draft.adopt(trial)
  return ok(changes)
}

/** The same of what has passed and whose time has come; of anything else nothing. */
export async function takeIfDue(
  draft: DraftLog,
  id: string,
  context: EffectContext,
): Promise<Result<readonly Change[]>> {
  const row = draft.state.tables.proposals.get(id)
  const isDue = row?.kind === 'pending' && standingOf(draft.state, row, context.at) === 'due'
  return isDue ? takeEffect(draft, row, context) : ok([])
}
