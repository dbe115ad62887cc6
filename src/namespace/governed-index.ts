import type { Alias } from '../core/alias.js'
import type { LookAlikes } from './alike/look-alikes.js'
import type { Refusal } from '../core/refusal.js'
import type { Result } from '../core/result.js'
import type { Uid } from '../core/uid.js'
import type { LogHead } from '../tlog/ports.js'
import type { Authorisation } from './authorisation.js'
import type { BrakeView } from './brake-view.js'
import type { AskedChanges } from './drafting/draft-proposals.js'
import type { Drafted } from './drafting/drafted.js'
import type { AskedDecisions, EntryDecisions, SplitDecision } from './entry-decisions.js'
import type { FormerUse, GrantView } from './emergency/emergency-view.js'
import type { Invoked } from './emergency/invoking.js'
import type { HistoryItem } from './history.js'
import type { Names } from './names-then.js'
import type { PlannedChange } from './plan/planned-change.js'
import type { ProposalView } from './proposal-view.js'
import type { Made } from './propose.js'
import type { RecoveryView } from './recovery/recovery-view.js'
import type { CancelRequest } from './recovery/sign-cancellation.js'
import type { IndexState } from './state.js'
import type { Submitted } from './submit.js'
import type { Why } from './unsigned-proposal.js'
import type { VerifiedIndex } from './verify-index.js'

/** What a signed statement led to, and the proposal as it is then. */
export interface Submission extends Omit<Submitted, 'proposal'> {
  readonly proposal: ProposalView
}

/** What use cases ask of the governed namespace. */
export interface GovernedIndex {
  readonly state: IndexState
  change(value: unknown): Promise<Result<Made>>
  plan(document: unknown): Result<readonly PlannedChange[]>
  /** The new names that resemble others beside them, of what was just made. */
  lookAlikes(made: readonly Made[]): Promise<LookAlikes>
  /** `why` is said of each change, and of each proposal. */
  apply(document: unknown, why?: Why): Promise<Result<readonly Made[]>>
  /** What somebody else wants to propose and sign, and all that it is made of. Changes nothing. */
  draft(asked: AskedChanges, as: string): Promise<Result<Drafted>>
  submit(envelopes: readonly Uint8Array[]): Promise<Result<Submission>>
  /** Takes back what this installation proposed. */
  withdraw(id: string): Promise<Result<Submission>>
  /** Suspends something at once, for a while, by this installation's own voter. */
  brake(value: unknown): Promise<Result<BrakeView>>
  /** The same by one statement that as many voters signed as it takes. */
  submitBrake(envelopes: readonly Uint8Array[]): Promise<Result<BrakeView>>
  /** Brakes of the last seven days, and what became of them; oldest first. */
  brakes(): Promise<readonly BrakeView[]>
  /** Uses an emergency grant, or drills one, by what those signed whom it names. */
  invokeEmergency(envelopes: readonly Uint8Array[]): Promise<Result<Invoked>>
  /** Every emergency grant that voters have agreed on, with its uses. */
  emergencyGrants(): Promise<readonly GrantView[]>
  /** Uses that run, or wait for voters, of grants that there are no more. */
  formerUses(): Promise<readonly FormerUse[]>
  /** Starts a recovery by what its set signed, or stops one by what voters did. */
  submitRecovery(envelopes: readonly Uint8Array[]): Promise<Result<RecoveryView>>
  /** Stops the recovery of a scope, by this installation's own voter. */
  cancelRecovery(request: CancelRequest): Promise<Result<RecoveryView>>
  /** Gives the scope of this alias its new voters, once the time of its recovery has come. */
  finishRecovery(alias: Alias): Promise<Result<RecoveryView>>
  /** The latest recovery of each scope whose group is not another since; oldest first. */
  recoveries(): Promise<readonly RecoveryView[]>
  /** Who made an object what it is at a revision. */
  authorisation(uid: Uid, rev: number): Promise<Authorisation | undefined>
  /** The same of several revisions of an entry, and of several of its traffic splits. */
  entryDecisions(asked: AskedDecisions): Promise<EntryDecisions>
  /** Who made the traffic split of an entry's port what it is. */
  splitAuthorisation(uid: Uid, port: number): Promise<SplitDecision>
  proposal(id: string): Promise<Result<ProposalView, Refusal<'namespace.unknown'>>>
  proposals(): readonly ProposalView[]
  /** What these are called; or were, when the log had so many records. Without those that have no name. */
  names(uids: readonly Uid[], size?: number): Promise<Names>
  history(alias: Alias): Promise<Result<readonly HistoryItem[], Refusal<'namespace.unknown'>>>
  /** `from`: a head that was signed once, and that the log must go on from. */
  verify(from?: LogHead): Promise<Result<VerifiedIndex>>
}
