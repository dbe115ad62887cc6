import { type Alias, ROOT } from '../core/alias.js'
import { DependencyError } from '../core/dependency-error.js'
import type { TrustDomain } from '../core/names.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Clock, RandomBytes } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Change } from './change.js'
import { type ChangeRequest, parseChangeRequest } from './change-request.js'
import { applyRecord, verifyRecord } from './fold-record.js'
import { makeGenesis } from './genesis.js'
import { describe, type HistoryItem } from './history.js'
import { type PlannedChange, planDocument } from './plan-document.js'
import type { IndexLog, IssuedUntil, VoterSigner } from './ports.js'
import { type Made, propose } from './propose.js'
import { replay } from './replay.js'
import { unknown } from './resolve-request.js'
import { isSignable } from './signable.js'
import { canonicalState, FoldedState, type IndexState } from './state.js'
import { isVoterOf } from './voter-key.js'

export type { Change } from './change.js'

export interface IndexDeps {
  readonly log: IndexLog
  readonly voter: VoterSigner
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  readonly issued: IssuedUntil
}

/** The governed namespace of this installation: asked for every grant, changed one record at a time. */
export class LiveIndex {
  private current: FoldedState
  private readonly deps: IndexDeps
  private turn: Promise<unknown> = Promise.resolve()

  private constructor(deps: IndexDeps, state: FoldedState) {
    this.deps = deps
    this.current = state
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
    if (!(await deps.log.append(0, [stored.value]))) {
      return refuse('namespace.exists', 'the index exists', { next: 'capstan status' })
    }
    applyRecord(state, verified.value)
    return ok(new LiveIndex(deps, state))
  }

  /**
   * Replays the log; a record that does not belong there is refused by its number, and so is an
   * index that others decide about: a log put in the place of this installation's own.
   */
  static async open(deps: IndexDeps): Promise<Result<LiveIndex>> {
    const state = await replay(deps.log)
    if (!state.ok) return state
    const { group } = state.value.root
    if (!group || !isVoterOf(group, deps.voter.publicKey)) {
      return refuse('namespace.unknown-key', 'the voter of this installation has no vote here', {
        wanted: 'an index log and a voter key of one installation',
        next: 'restore both from one backup; nothing was changed',
      })
    }
    return ok(new LiveIndex(deps, state.value))
  }

  get state(): IndexState {
    return this.current
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
    return planDocument(this.current, document)
  }

  /** Makes the difference so: all of it in one commit, or nothing. */
  apply(document: unknown): Promise<Result<readonly Change[]>> {
    return this.inTurn(async () => {
      const planned = planDocument(this.current, document)
      if (!planned.ok) return planned
      return this.commit(planned.value.map(({ request }) => request))
    })
  }

  /** Every record about the entry, scope or cluster of this alias, oldest first. */
  async history(
    alias: Alias,
  ): Promise<Result<readonly HistoryItem[], Refusal<'namespace.unknown'>>> {
    const { current } = this
    const object =
      alias === ROOT
        ? current.root
        : (current.resolve(alias) ?? current.scopeByAlias(alias) ?? current.clusterByAlias(alias))
    if (!object) return unknown('entry, scope or cluster', alias)
    const items: HistoryItem[] = []
    for (const seq of current.recordsOf(object.uid)) {
      const [stored] = await this.deps.log.read(seq, 1)
      const item = stored && describe(stored)
      if (item) items.push(item)
    }
    return ok(items)
  }

  /** Reads the whole log again, checks every signature, and compares what it says with what is. */
  async verify(): Promise<Result<{ readonly records: number; readonly head: string }>> {
    const again = await replay(this.deps.log)
    if (!again.ok) return again
    if (canonicalState(again.value) !== canonicalState(this.current)) {
      return refuse(
        'namespace.bad-canonical',
        'the log says something else than what is in memory',
        {
          next: 'restart the server, and report this',
        },
      )
    }
    return ok({ records: again.value.size, head: again.value.head })
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
    const { log, issued } = this.deps
    const frozen = new Set<Uid>()
    const freeze: IssuedUntil['freeze'] = (entry) => {
      frozen.add(entry)
      return issued.freeze(entry)
    }
    // Each change is decided on the one before it; the last one's effect nobody needs before it is written.
    const draft = requests.length === 1 ? this.current : this.current.clone()
    const size = draft.size
    const all: Made[] = []
    try {
      for (const request of requests) {
        const last = all.at(-1)
        if (last) applyRecord(draft, last.verified)
        const made = await propose({ ...this.deps, freeze }, draft, request)
        if (!made.ok) return made
        all.push(made.value)
      }
      const records = all.map(({ stored }) => stored)
      if (!(await log.append(size, records))) {
        throw new DependencyError('store', 'the index log was changed by another process')
      }
      const last = all.at(-1)
      if (last) applyRecord(draft, last.verified)
      this.current = draft
      return ok(all.map(changeOf))
    } finally {
      // Last of all: whoever waits for this looks at the new state.
      for (const uid of frozen) issued.thaw(uid)
    }
  }
}

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
