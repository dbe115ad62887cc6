import { canonicalize } from '../core/canonical-json.js'
import type { Refusal } from '../core/refusal.js'
import { ok, type Result } from '../core/result.js'
import { unreachable } from '../core/unreachable.js'
import { isSignedBy, open, type Opened } from './dsse.js'
import { verifyDrill, verifyInvocation } from './emergency/fold-emergency.js'
import { verifyBrake } from './fold-brake.js'
import { verifyCommit } from './fold-commit.js'
import { verifyDeliberation } from './fold-deliberation.js'
import { verifyEvidence } from './fold-evidence.js'
import type { FoldedState } from './folded-state.js'
import { genesisRecord, namedLogKey, rootScope } from './genesis.js'
import { type Group, soloGroup } from './group.js'
import { type AnyRecord, type LogRecord, readRecord, recordHash } from './log-record.js'
import type { Outcome, Verified } from './outcome.js'
import type { StoredRecord } from './ports.js'
import { verifyRecovery } from './recovery/fold-recovery.js'
import { broken, forged, isSame } from './record-refusals.js'
import type { IndexState } from './state.js'
import { proposalId, readGenesis } from './statements.js'
import { isVoterKey, type VoterKey } from './voter-key.js'

export type { Verified } from './outcome.js'

/**
 * Does this record belong at the end of the log? Pure, and changes nothing: every digest, signature,
 * chain and rule is checked from the bytes alone, so that replaying a log on any machine gives the
 * same state or the same refusal.
 */
export function verifyRecord(state: IndexState, stored: StoredRecord): Result<Verified> {
  const record = readRecord(stored.bytes)
  const opened = stored.envelopes.map(open)
  if (!record || opened.includes(undefined)) return broken(stored.seq, 'it is not canonical')
  const envelopes = opened.filter((envelope) => envelope !== undefined)
  const inOrder = inSequence(state, stored, record)
  if (!inOrder.ok) return inOrder
  const head = recordHash(stored.bytes)
  const outcome = outcomeOf(state, record, { envelopes, head })
  return outcome.ok ? ok({ record, head, outcome: outcome.value }) : outcome
}

function outcomeOf(
  state: IndexState,
  record: AnyRecord,
  { envelopes, head }: { readonly envelopes: readonly Opened[]; readonly head: string },
): Result<Outcome> {
  switch (record.kind) {
    case 'genesis':
      return verifyGenesis(record, envelopes)
    case 'commit':
      return verifyCommit(state, record, envelopes)
    case 'evidence':
      return verifyEvidence(state, record, envelopes)
    case 'brake':
      return verifyBrake(state, record, envelopes)
    case 'emergency':
      return verifyInvocation(state, record, envelopes)
    case 'drill':
      return verifyDrill(state, record, envelopes)
    case 'recovery-start':
    case 'recovery-cancel':
    case 'recovery-finish':
      return verifyRecovery(state, record, envelopes)
    case 'open':
    case 'vote':
    case 'withdrawal':
      return verifyDeliberation(state, record, { envelopes, head })
    default:
      return unreachable(record)
  }
}

/** Makes true what a verified record says. It must be of this very state. */
export function applyRecord(state: FoldedState, { record, head, outcome }: Verified): void {
  switch (outcome.kind) {
    case 'genesis': {
      const { index, trustDomain, root } = outcome
      state.begin(index, trustDomain, { ...root, head })
      state.advance(head, record.ts, root.uid)
      return
    }
    case 'commit': {
      const { effect, of, brakedBy, used } = outcome
      state.commit({ ...effect, put: { ...effect.put, head } }, record, of)
      if (brakedBy !== undefined) state.noteBrake(brakedBy, record)
      if (used !== undefined) state.noteUse(used, record)
      state.advance(head, record.ts, effect.put.uid)
      return
    }
    case 'deliberation':
      state.deliberate(outcome.row, record)
      state.advance(head, record.ts, outcome.row.id)
      return
    case 'drill':
      state.noteDrill(outcome.drilled, record)
      state.advance(head, record.ts, `drills:${outcome.drilled.scope}`)
      return
    default:
      return unreachable(outcome)
  }
}

/** Is it the next record of this log? */
function inSequence(
  state: IndexState,
  { seq }: StoredRecord,
  record: AnyRecord,
): Result<undefined, Refusal<'namespace.bad-canonical'>> {
  if (record.seq !== seq || seq !== state.size) return broken(seq, 'its number is not the next one')
  if ((record.chain ?? '') !== state.head)
    return broken(seq, 'it does not follow the record before it')
  if ((record.kind === 'genesis') !== (seq === 0))
    return broken(seq, 'only the first is the genesis')
  if (record.ts < state.at) return broken(seq, 'it is older than the record before it')
  const { unfinished } = state.source.meta
  const isNext = record.kind === 'commit' && proposalId(record.prop) === unfinished
  if (unfinished !== undefined && !isNext) {
    return broken(seq, 'changes that are made together are not all made before it')
  }
  return ok()
}

function verifyGenesis(
  record: LogRecord,
  [statement, ...more]: readonly Opened[],
): Result<Outcome> {
  const genesis = statement && readGenesis(statement)
  if (!genesis || more.length > 0 || statement.digest !== record.prop) {
    return broken(record.seq, 'its genesis statement is not the one it names')
  }
  if (genesis.log !== undefined && !namedLogKey(genesis)) {
    return broken(record.seq, 'it names what is not the key of its log')
  }
  const key = soloKey(genesis.group)
  if (!key) return broken(record.seq, 'its group is not one local voter')
  if (!isSignedBy(statement, [key])) return forged(record.seq, 'the genesis')
  if (!isSame(record, genesisRecord(genesis, statement.digest))) {
    return broken(record.seq, 'it is not what its genesis statement comes to')
  }
  const { trustDomain } = genesis
  const root = rootScope(genesis, statement.digest)
  return ok({ kind: 'genesis', index: statement.digest, trustDomain, root })
}

/**
 * The one key of the one voter that an index begins with. Whoever opens a log looks for the voter of
 * the installation in it: if others could stand beside it here, they could found a log of their own
 * and name it there, without a signature of its key.
 */
function soloKey(group: Group): VoterKey | undefined {
  const [voter] = group.voters
  const [key] = voter?.keys ?? []
  if (!voter || !key || !isVoterKey(key)) return undefined
  return canonicalize(group) === canonicalize(soloGroup(voter.controller, key)) ? key : undefined
}
