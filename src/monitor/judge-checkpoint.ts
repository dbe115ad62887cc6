import {
  CLOCK_TOLERANCE,
  plus,
  type Seconds,
  toIso,
  type UnixSeconds,
  unixSeconds,
} from '../core/time.js'
import type { Refusal } from '../core/refusal.js'
import { noWitnesses, type Policy, wantsCosigners } from '../tlog/policy.js'
import type { SignedHead } from '../tlog/ports.js'
import { stateRootOf } from '../tlog/state-root.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import { type VerifiedCheckpoint, verifyCheckpoint } from '../tlog/verify-checkpoint.js'
import { asOf } from '../verify/freshness.js'
import { type Alarm, type AlarmCode, alarmOf, type LogName } from './alarm.js'

/** By what a checkpoint is judged. */
export interface CheckpointRules {
  readonly key: VerifierKey
  /** Whose cosignatures are wanted: of the index log, and of the issuance log where it is about that. */
  readonly policy: Policy
  /** How long ago the witnesses may have seen it. */
  readonly maxAge: Seconds
}

export interface JudgedCheckpoint {
  /** Undefined where the key of the log has not signed it. */
  readonly head?: SignedHead
  readonly alarms: readonly Alarm[]
  /** When as many witnesses as the policy wants had seen it. */
  readonly seenAt?: UnixSeconds
}

/** Did the log sign this, and did the witnesses, and lately? Pure. */
export function judgeCheckpoint(
  log: LogName,
  note: Uint8Array,
  { key, policy, maxAge }: CheckpointRules,
  now: UnixSeconds,
): JudgedCheckpoint {
  const signed = verifyCheckpoint(note, key, noWitnesses)
  if (!signed.ok) return { alarms: [alarmOf(codeOf(signed.refusal), log, signed.refusal)] }
  const state = stateRootOf(signed.value)
  if (!state.ok) return { alarms: [alarmOf('bad-checkpoint', log, state.refusal)] }
  const { size, root } = signed.value
  const text = Buffer.from(note).toString()
  const head = { size, root, note: text, ...(state.value && { state: state.value }) }
  // A policy that lists other logs alone is a slip: without it nothing would be wanted of the index.
  const isWanted = log === 'index' ? policy.quorum !== undefined : wantsCosigners(policy, key.name)
  if (!isWanted) return { head, alarms: [] }
  const cosigned = verifyCheckpoint(note, key, policy)
  if (!cosigned.ok) {
    return { head, alarms: [alarmOf(codeOf(cosigned.refusal), log, cosigned.refusal)] }
  }
  return { head, ...judgeAge(log, cosigned.value, policy, maxAge, now) }
}

function judgeAge(
  log: LogName,
  { cosignatures }: VerifiedCheckpoint,
  policy: Policy,
  maxAge: Seconds,
  now: UnixSeconds,
): Pick<JudgedCheckpoint, 'alarms' | 'seenAt'> {
  const seenAt = asOf(cosignatures, policy, unixSeconds(0), now).at
  const isFuture = seenAt > plus(now, CLOCK_TOLERANCE)
  if (!isFuture && now <= plus(seenAt, maxAge)) return { alarms: [], seenAt }
  const alarm: Alarm = {
    code: 'stale-checkpoint',
    log,
    detail: isFuture
      ? 'the witnesses state a time that has not come: how old the checkpoint is nobody says'
      : 'the witnesses have not seen the checkpoint that is shown for too long',
    wanted: `one that they saw in the last ${maxAge} seconds`,
    found: `seen at ${toIso(seenAt)}`,
  }
  return { alarms: [alarm], seenAt }
}

function codeOf({ code }: Refusal): AlarmCode {
  if (code === 'tlog.bad-signature' || code === 'tlog.unknown-key') return 'bad-signature'
  return code === 'tlog.no-quorum' ? 'missing-cosigners' : 'bad-checkpoint'
}
