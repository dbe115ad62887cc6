import { type Alias, ROOT } from '../../core/alias.js'
import { refuse, ok, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { DraftLog } from '../draft-log.js'
import { open, type Opened, payloadTypes } from '../dsse.js'
import type { IndexLog } from '../ports.js'
import { unknown } from '../resolve-request.js'
import {
  cancellingOf,
  finishingOf,
  recoveryRecord,
  type RecoveryStep,
  startingOf,
} from './fold-recovery.js'
import { recoveryIn, type RecoveryView, recoveryView } from './recovery-view.js'

/** One envelope for each of a set, or of a group. */
const MOST_ENVELOPES = 32
/** Of all together, beside the start and the finish again: every bundle below the scope shows them. */
const MOST_OCTETS = 262_144

type Log = Pick<IndexLog, 'read'>

/** Adds what a recovery set signed, or what voters did who stop it, to the draft. */
export async function addRecovery(
  log: Log,
  draft: DraftLog,
  envelopes: readonly Uint8Array[],
  at: UnixSeconds,
): Promise<Result<RecoveryView>> {
  const octets = envelopes.reduce((sum, { length }) => sum + length, 0)
  if (octets > MOST_OCTETS) {
    return refuse('namespace.malformed', 'this is too large for the bundles that are to show it', {
      wanted: `at most ${MOST_OCTETS} octets, the envelopes of all who sign together`,
      found: `${octets} octets`,
      next: 'have fewer sign it, or name fewer voters and keys',
    })
  }
  const opened = envelopes.slice(0, MOST_ENVELOPES).map(open)
  const known = opened.filter((one) => one !== undefined)
  const [first] = known
  if (!first || known.length < envelopes.length) {
    return refuse('namespace.bad-canonical', 'this is no signed recovery', {
      wanted: 'a DSSE envelope in canonical JSON for each of those who sign',
    })
  }
  const isStop = first.payloadType === payloadTypes.cancellation
  const step = (isStop ? cancellingOf : startingOf)(draft.state, known, at)
  return step.ok ? added(log, draft, { step: step.value, envelopes, at }) : step
}

/** Gives the scope the group that its recovery names: nobody signs anything for it. */
export async function finishRecovery(
  log: Log,
  draft: DraftLog,
  alias: Alias,
  at: UnixSeconds,
): Promise<Result<RecoveryView>> {
  const { state } = draft
  const scope = alias === ROOT ? state.root : state.scopeByAlias(alias)
  if (!scope) return unknown('scope', alias)
  const [stored] = scope.recovery ? await log.read(scope.recovery.record, 1) : []
  if (!stored) {
    return refuse('namespace.closed', 'no recovery of this scope was started', {
      next: 'capstan recovery show',
    })
  }
  const { envelopes } = stored
  const opened = envelopes.map(open).filter((one): one is Opened => one !== undefined)
  const step = finishingOf(state, opened, at)
  return step.ok ? added(log, draft, { step: step.value, envelopes, at }) : step
}

interface Adding {
  readonly step: RecoveryStep
  readonly envelopes: readonly Uint8Array[]
  readonly at: UnixSeconds
}

async function added(
  log: Log,
  draft: DraftLog,
  { step, envelopes, at }: Adding,
): Promise<Result<RecoveryView>> {
  const record = draft.add(recoveryRecord(draft.state, step, at), envelopes)
  if (!record.ok) return record
  const { recovery: mark } = step.put
  // What it began with is in the draft, or in the log before it.
  const [earlier] = mark ? await log.read(mark.record, 1) : []
  const started = earlier ?? draft.records.find(({ seq }) => seq === mark?.record)
  const statement = started && recoveryIn(started)
  if (!mark || !statement) throw new Error('the recovery is not in its own log')
  return ok(recoveryView(step.put, mark, statement, at))
}
