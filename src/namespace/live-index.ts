import type { Alias } from '../core/alias.js'
import { DependencyError } from '../core/dependency-error.js'
import type { TrustDomain } from '../core/names.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Clock, RandomBytes } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Change } from './change.js'
import { type ChangeRequest, parseChangeRequest } from './change-request.js'
import { firstDifference } from './compare-states.js'
import { applyRecord, verifyRecord } from './fold-record.js'
import { FoldedState } from './folded-state.js'
import { makeGenesis } from './genesis.js'
import { type HistoryItem, historyOf } from './history.js'
import { type PlannedChange, planDocument } from './plan-document.js'
import type { IndexStore, IssuedUntil, Pace, VoterSigner } from './ports.js'
import { type Made, propose } from './propose.js'
import { RecentChanges } from './recent-changes.js'
import { replay, settle } from './replay.js'
import { isSignable } from './signable.js'
import type { IndexState } from './state.js'
import { StateView } from './state-view.js'
import { isVoterOf } from './voter-key.js'

export type { Change } from './change.js'

export interface IndexDeps {
  readonly store: IndexStore
  readonly voter: VoterSigner
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  readonly issued: IssuedUntil
  /** Where nobody waits for it, long work is done in one go. */
  readonly pace?: Pace
}

const inOneGo: Pace = () => undefined

/** What use cases ask of the governed namespace. */
export interface GovernedIndex {
  readonly state: IndexState
  change(value: unknown): Promise<Result<Change>>
  plan(document: unknown): Result<readonly PlannedChange[]>
  apply(document: unknown): Promise<Result<readonly Change[]>>
  history(alias: Alias): Promise<Result<readonly HistoryItem[], Refusal<'namespace.unknown'>>>
  verify(): Promise<Result<{ readonly records: number; readonly head: string }>>
}

/** The governed namespace of this installation: asked for every grant, changed one record at a time. */
export class LiveIndex implements GovernedIndex {
  /** As committed: it moves with the store's tables. */
  readonly state: IndexState
  private readonly recent: RecentChanges
  private readonly deps: IndexDeps
  private readonly pace: Pace
  private turn: Promise<unknown> = Promise.resolve()

  private constructor(deps: IndexDeps) {
    this.deps = deps
    this.pace = deps.pace ?? inOneGo
    this.state = new StateView(deps.store.state)
    this.recent = new RecentChanges(this.state.size)
  }

  /** Makes a solo index: one local voter whose vote passes everything. The log must be empty. */
  static async create(
    deps: IndexDeps,
    about: { readonly trustDomain: TrustDomain; readonly controller: string },
  ): Promise<Result<LiveIndex>> {
    const signable = isSignable(about)
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
    const index = new LiveIndex(deps)
    const { group } = index.state.root
    if (!group || !isVoterOf(group, deps.voter.publicKey)) {
      return refuse('namespace.unknown-key', 'the voter of this installation has no vote here', {
        wanted: 'an index log and a voter key of one installation',
        next: 'restore both from one backup; nothing was changed',
      })
    }
    return ok(index)
  }

  /** Is what was decided about this entry, on an index of `size` records, decided the same now? */
  stands(entry: Uid, size: number): boolean {
    return this.recent.stands(entry, size, this.state.size)
  }

  /** Proposes, votes, and commits one change. Unknown input is fine: it is parsed here. */
  change(value: unknown): Promise<Result<Change>> {
    return this.inTurn(async () => {
      const request = parseChangeRequest(value)
      if (!request.ok) return request
      const signable = isSignable(value)
      if (!signable.ok) return signable
      const changes = await this.commit([request.value])
      if (!changes.ok) return changes
      const [change] = changes.value
      return change ? ok(change) : refuse('namespace.malformed', 'nothing to change')
    })
  }

  /** The difference between a document and what is, as changes in the order they would be made. */
  plan(document: unknown): Result<readonly PlannedChange[]> {
    return planDocument(this.state, document)
  }

  /** Makes the difference so: all of it in one commit, or nothing. */
  apply(document: unknown): Promise<Result<readonly Change[]>> {
    return this.inTurn(async () => {
      const planned = planDocument(this.state, document)
      if (!planned.ok) return planned
      return this.commit(planned.value.map(({ request }) => request))
    })
  }

  /** Every record about the entry, scope or cluster of this alias, oldest first. */
  history(alias: Alias): ReturnType<GovernedIndex['history']> {
    return historyOf(this.deps.store, this.state, alias)
  }

  /** Reads the whole log again, checks every signature, and compares what it says with what is. */
  async verify(): Promise<Result<{ readonly records: number; readonly head: string }>> {
    const { store } = this.deps
    const { pace } = this
    await using again = store.scratch()
    // The long part first: what is committed meanwhile is a short one.
    const most = await replay(store, again, { size: this.state.size, pace })
    if (!most.ok) return most
    // In turn, so that nothing is in the log that is not in the tables yet.
    const { tables, records } = await this.inTurn(async () => ({
      tables: store.snapshot(),
      records: await store.size(),
    }))
    using now = tables
    const { size, head } = now.meta
    const rest = await replay(store, again, { size, pace })
    if (!rest.ok) return rest
    if (records !== size) return tablesDiffer(`${records} records, and tables of ${size}`)
    const difference = await firstDifference(again.state, now, pace)
    return difference === undefined ? ok({ records: size, head }) : tablesDiffer(difference)
  }

  /** One change at a time: each is decided on the state that the one before it left. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }

  /** Makes a record of each request, writes them all or none, and only then makes them true. */
  private async commit(requests: readonly ChangeRequest[]): Promise<Result<readonly Change[]>> {
    if (requests.length === 0) return ok([])
    const { store, issued } = this.deps
    const frozen = new Set<Uid>()
    const freeze: IssuedUntil['freeze'] = (entry) => {
      frozen.add(entry)
      return issued.freeze(entry)
    }
    // Each change is decided on the one before it.
    const draft = new FoldedState(store.state)
    const all: Made[] = []
    try {
      for (const request of requests) {
        const made = await propose({ ...this.deps, freeze }, draft, request)
        if (!made.ok) return made
        applyRecord(draft, made.value.verified)
        all.push(made.value)
        await this.pace({ work: 'make changes', done: all.length, total: requests.length })
      }
      const records = all.map(({ stored }) => stored)
      if (!(await store.append(records, draft.changes()))) {
        throw new DependencyError('store', 'the index log was changed by another process')
      }
      for (const { record } of all.map(({ verified }) => verified)) {
        const { seq, subject } = record
        this.recent.note(seq, draft.entries.get(subject.uid)?.uid)
      }
      return ok(all.map(changeOf))
    } finally {
      // Last of all: whoever waits for this looks at the new state.
      for (const uid of frozen) issued.thaw(uid)
    }
  }
}

const tablesDiffer = (found: string) =>
  refuse('namespace.state-mismatch', 'the index tables say something else than the log', {
    wanted: 'what replaying the log comes to',
    found,
    next: 'stop the server, then: capstan index rebuild',
  })

const changeOf = ({ op, proposal, verified: { record } }: Made): Change => ({
  op,
  alias: record.subject.alias,
  uid: record.subject.uid,
  rev: record.rev,
  proposal,
  seq: record.seq,
  at: record.ts,
  class: record.class,
})
