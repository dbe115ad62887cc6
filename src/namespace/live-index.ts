import type { Alias } from '../core/alias.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Clock, RandomBytes } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import type { LogHead } from '../tlog/ports.js'
import type { LookAlikes } from './alike/look-alikes.js'
import { lookAlikesOfMade } from './alike/made-alike.js'
import { addBrake, parseBrakeRequest, signBrake } from './braking.js'
import type { BrakeView } from './brake-view.js'
import type { Change } from './change.js'
import { parseChangeRequest } from './change-request.js'
import type { DraftLog } from './draft-log.js'
import type { AskedChanges } from './drafting/draft-proposals.js'
import { type Drafted, draftFor } from './drafting/drafted.js'
import { addInvocation, type Invoked } from './emergency/invoking.js'
import { applyRecord, verifyRecord } from './fold-record.js'
import { FoldedState } from './folded-state.js'
import { type Founding, makeGenesis } from './genesis.js'
import { isFoundedBy } from './founded-by.js'
import type { GovernedIndex, Submission } from './governed-index.js'
import { settleMap } from './index-map.js'
import { settleTree, type SignedBefore } from './index-tree.js'
import { IndexTurns } from './index-turns.js'
import { planDocument } from './plan/plan-document.js'
import type { PlannedChange } from './plan/planned-change.js'
import type { IndexStore, IssuedUntil, Pace, VoterSigner } from './ports.js'
import { waitingProposals } from './proposal-view.js'
import { type Made, propose } from './propose.js'
import { proposeTogether } from './propose-together.js'
import { RecordedIndex } from './recorded-index.js'
import { addRecovery, finishRecovery } from './recovery/recovering.js'
import type { RecoveryView } from './recovery/recovery-view.js'
import { type CancelRequest, signCancellation } from './recovery/sign-cancellation.js'
import { settle } from './replay.js'
import { type Intake, submit, type Submitted } from './submit.js'
import { isSignable } from './signable.js'
import { StateView } from './state-view.js'
import { takeIfDue } from './take-effect.js'
import type { Why } from './unsigned-proposal.js'
import { type VerifiedIndex, verifyIndex } from './verify-index.js'
import { withdraw } from './withdrawing.js'

export type { Change } from './change.js'
export type { Submission } from './governed-index.js'
export type { Made } from './propose.js'

export interface IndexDeps {
  readonly store: IndexStore
  readonly voter: VoterSigner
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  readonly issued: IssuedUntil
  /** Where nobody waits for it, long work is done in one go. */
  readonly pace?: Pace
  /** Told once records are durable, and where nobody knows whether they are. */
  readonly appended?: () => void
  /** What the log must go on from when it is opened, beside its own checkpoint. */
  readonly signed?: SignedBefore
  /** The key that signs checkpoints of the log. */
  readonly log?: VerifierKey
}

const inOneGo: Pace = () => undefined

/** The governed namespace of this installation: asked for every grant, changed one record at a time. */
export class LiveIndex extends RecordedIndex implements GovernedIndex {
  private readonly deps: IndexDeps
  private readonly pace: Pace
  private readonly turns: IndexTurns

  private constructor(deps: IndexDeps) {
    super(new StateView(deps.store.state), deps.store, deps.clock)
    this.deps = deps
    this.pace = deps.pace ?? inOneGo
    this.turns = new IndexTurns(deps, this.state.size)
  }

  /** Makes a solo index: one local voter whose vote passes everything. The log must be empty. */
  static async create(deps: IndexDeps, about: Founding): Promise<Result<LiveIndex>> {
    const { trustDomain, controller } = about
    const signable = isSignable({ trustDomain, controller })
    if (!signable.ok) return signable
    const stored = await makeGenesis(deps, about, deps.clock.now())
    if (!stored.ok) return stored
    const state = new FoldedState()
    const verified = verifyRecord(state, stored.value)
    if (!verified.ok) return verified
    applyRecord(state, verified.value)
    if (!(await deps.store.append([stored.value], state.changes()))) {
      return refuse('namespace.exists', 'the index exists', { next: 'capstan status' })
    }
    return ok(new LiveIndex(deps))
  }

  /**
   * Takes the state from the store's tables, and replays what of the log is not in them yet: a record
   * that does not belong there is refused by its number. An index that others decide about is refused
   * too: a store put in the place of this installation's own.
   */
  static async open(deps: IndexDeps): Promise<Result<LiveIndex>> {
    const settled = await settle(deps.store, deps.pace ?? inOneGo)
    if (!settled.ok) return settled
    if (!(await isFoundedBy(deps))) {
      return refuse('namespace.unknown-key', 'the index was not founded by this installation', {
        wanted: 'an index log, a voter key and a log key of one installation',
        next: 'restore them from one backup',
      })
    }
    const hashed = await settleTree(deps.store, deps.pace ?? inOneGo, deps.signed)
    if (!hashed.ok) return hashed
    const mapped = await settleMap(deps.store, deps.pace ?? inOneGo)
    return mapped.ok ? ok(new LiveIndex(deps)) : mapped
  }

  /** Is what was decided about this entry, on an index of `size` records, decided the same now? */
  stands(entry: Uid, size: number): boolean {
    return this.turns.stands(entry, size, this.state.size)
  }

  /**
   * Proposes one change: it is made where this installation's voter decides alone, and waits for its
   * voters otherwise. Unknown input is fine: it is parsed here.
   */
  change(value: unknown): Promise<Result<Made>> {
    return this.turns.inTurn(async () => {
      const request = parseChangeRequest(value)
      if (!request.ok) return request
      const signable = isSignable(value)
      if (!signable.ok) return signable
      return this.turns.write((draft, { freeze }) =>
        propose({ ...this.deps, freeze }, draft, request.value),
      )
    })
  }

  /** The difference between a document and what is, as changes in the order they would be made. */
  plan(document: unknown): Result<readonly PlannedChange[]> {
    return planDocument(this.state, document)
  }

  /** Makes the difference so, or proposes it: all of it in one go, or nothing. */
  apply(document: unknown, why: Why = {}): Promise<Result<readonly Made[]>> {
    return this.turns.inTurn(async () => {
      const planned = planDocument(this.state, document)
      if (!planned.ok) return planned
      const requests = planned.value.map(({ request }) => request)
      return this.turns.write((draft, { freeze }) =>
        proposeTogether({ ...this.deps, freeze }, draft, { requests, why }, (done) =>
          this.pace({ work: 'make changes', done, total: requests.length }),
        ),
      )
    })
  }

  /** What is made stays made: a store that does not answer is a look that is not complete. */
  async lookAlikes(made: readonly Made[]): Promise<LookAlikes> {
    try {
      return await lookAlikesOfMade(this.state, made, this.pace)
    } catch (error) {
      if (error instanceof DependencyError) return { found: [], complete: false }
      throw error
    }
  }

  draft(asked: AskedChanges, as: string): Promise<Result<Drafted>> {
    return this.turns.inTurn(() => draftFor(this.deps, this.state, { asked, as }, this.pace))
  }

  /**
   * Reads the whole log again, checks every signature, and compares what it says with what is: the
   * tables, and the tree.
   */
  verify(from?: LogHead): Promise<Result<VerifiedIndex>> {
    const { pace } = this
    const { store, signed } = this.deps
    const about = { ...(from && { from }), ...(signed && { key: signed.key }) }
    return verifyIndex({ store, pace, inTurn: (work) => this.turns.inTurn(work), ...about })
  }

  /** Takes a signed proposal, vote or withdrawal, or two votes as evidence, from whoever brings it. */
  submit(envelopes: readonly Uint8Array[]): Promise<Result<Submission>> {
    return this.turns.inTurn(() => this.take((draft, context) => submit(draft, envelopes, context)))
  }

  withdraw(id: string): Promise<Result<Submission>> {
    return this.turns.inTurn(() =>
      this.take((draft, context) => withdraw(this.deps, draft, id, context)),
    )
  }

  brake(value: unknown): Promise<Result<BrakeView>> {
    return this.turns.inTurn(async () => {
      const request = parseBrakeRequest(value)
      if (!request.ok) return request
      return this.turns.write(async (draft, { at }) => {
        const signed = await signBrake(this.deps, draft.state, request.value, at)
        return signed.ok ? addBrake(draft, signed.value, at) : signed
      })
    })
  }

  submitBrake(envelopes: readonly Uint8Array[]): Promise<Result<BrakeView>> {
    return this.turns.inTurn(() =>
      this.turns.write((draft, { at }) => Promise.resolve(addBrake(draft, envelopes, at))),
    )
  }

  invokeEmergency(envelopes: readonly Uint8Array[]): Promise<Result<Invoked>> {
    return this.turns.inTurn(() =>
      this.turns.write((draft, { at }) => Promise.resolve(addInvocation(draft, envelopes, at))),
    )
  }

  submitRecovery(envelopes: readonly Uint8Array[]): Promise<Result<RecoveryView>> {
    return this.turns.inTurn(() =>
      this.turns.write((draft, { at }) => addRecovery(this.deps.store, draft, envelopes, at)),
    )
  }

  cancelRecovery(request: CancelRequest): Promise<Result<RecoveryView>> {
    return this.turns.inTurn(() =>
      this.turns.write(async (draft, { at }) => {
        const signed = await signCancellation(this.deps, draft.state, request, at)
        return signed.ok ? addRecovery(this.deps.store, draft, signed.value, at) : signed
      }),
    )
  }

  finishRecovery(alias: Alias): Promise<Result<RecoveryView>> {
    return this.turns.inTurn(() =>
      this.turns.write((draft, { at }) => finishRecovery(this.deps.store, draft, alias, at)),
    )
  }

  /** Makes true what has passed and whose time has come; what something is in the way of stays. */
  settle(): Promise<readonly Change[]> {
    return this.turns.inTurn(async () => {
      const changes: Change[] = []
      const failed: unknown[] = []
      // Each is written by itself: what keeps one from taking effect keeps no other.
      for (const { id, standing } of [...waitingProposals(this.state, this.deps.clock.now())]) {
        if (standing !== 'due') continue
        try {
          const made = await this.turns.write((draft, context) => takeIfDue(draft, id, context))
          if (made.ok) changes.push(...made.value)
        } catch (error) {
          failed.push(error)
        }
      }
      if (failed.length > 0) throw new AggregateError(failed, 'not every proposal could be settled')
      return changes
    })
  }

  /** Takes a statement in, and answers the proposal that it is about as it is then. */
  private async take(
    work: (draft: DraftLog, context: Intake) => Promise<Result<Submitted>>,
  ): Promise<Result<Submission>> {
    const taken = await this.turns.write((draft, context) =>
      work(draft, { ...context, pace: this.pace }),
    )
    if (!taken.ok) return taken
    const proposal = await this.proposal(taken.value.proposal)
    return proposal.ok ? ok({ ...taken.value, proposal: proposal.value }) : proposal
  }
}
