import type { Alias } from '../../core/alias.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type Clock, minus, plus, type Seconds, type UnixSeconds } from '../../core/time.js'
import type { IndexLog, Pace } from '../ports.js'
import type { StateSource } from '../state-tables.js'
import { standingOf } from '../standing.js'
import type { IndexState } from '../state.js'
import { StateView } from '../state-view.js'
import type { Operation } from '../operation.js'
import { type Authority, authorityOver } from './authority.js'
import { type AskedCedar, type CedarPage, cedarPage } from './cedar-page.js'
import { type AskedChanges, changesIn, type ChangesPage } from './changes.js'
import { firstSince, type LogPage } from './committed.js'
import { Effort } from './effort.js'
import { type AskedEnds, endsIn, type EndsPage } from './ends.js'
import { type ExceptionPage, exceptionsIn } from './exceptions.js'
import { type Impact, impactDigest, impactOf } from './impact.js'
import { type ReachedFrom, reachedFrom, type ReachPage, type ReachSide } from './reach.js'
import { type Resilience, resilienceOf } from './resilience.js'
import { type AskedStale, type LastIssued, staleIn, type StalePage } from './stale.js'
import { type AskedVoter, isVoter, type VotedPage, votedBy } from './voter.js'

/** Where a look through the log begins; at the genesis where neither is there. */
export interface Since {
  readonly since?: UnixSeconds
  /** The `next` of the page before. */
  readonly from?: number
}

export interface QuestionDeps {
  readonly log: Pick<IndexLog, 'read'>
  readonly snapshot: () => StateSource & Disposable
  readonly clock: Pick<Clock, 'now'>
  readonly pace: Pace
  /** Steps of work for one answer, where they are not those that a reader may ask for. */
  readonly steps?: number
}

export interface Ends extends EndsPage {
  /** The second that it is asked in. */
  readonly at: UnixSeconds
}

export interface ShownImpact {
  readonly proposal: string
  /** What a vote names. */
  readonly digest: string
  readonly impact: Impact
}

/** Answers about the index, each of one moment of it, and each with a bounded amount of work. */
export class Questions {
  private readonly deps: QuestionDeps

  constructor(deps: QuestionDeps) {
    this.deps = deps
  }

  /** What a proposal that waits would do, if it took effect now. */
  impact(id: string): Promise<Result<ShownImpact>> {
    return this.now(async (state) => {
      const row = state.tables.proposals.get(id)
      if (!row) return noProposal(id)
      const standing = standingOf(state, row, this.deps.clock.now())
      if (row.kind === 'closed' || (standing !== 'open' && standing !== 'scheduled')) {
        return refuse('namespace.closed', `the proposal is ${standing}`, {
          wanted: 'a proposal that waits',
          found: id,
          next: `capstan proposal show ${id}`,
        })
      }
      // As much as a vote's digest was reckoned with, whoever asks.
      const found = await impactOf(state, row, new Effort(this.deps.pace))
      if (!found.ok) return found
      return ok({ proposal: id, digest: impactDigest(found.value), impact: found.value })
    })
  }

  /** Whom an entry may call now, or who may call it. */
  reach(side: ReachSide, alias: Alias, page: Omit<ReachPage, 'at'>): Promise<Result<ReachedFrom>> {
    const at = this.deps.clock.now()
    return this.now((state) => reachedFrom(state, side, alias, { ...page, at }, this.effort()))
  }

  /** A part of what decides about calls, as Cedar writes it. */
  cedar(asked: AskedCedar): Promise<Result<CedarPage>> {
    return this.now(async (state) => ok(await cedarPage(state, asked, this.effort())))
  }

  authority(alias: Alias, op?: Operation['op']): Promise<Result<Authority>> {
    return this.now((state) => Promise.resolve(authorityOver(state, alias, op)))
  }

  resilience(scope: Alias, without: readonly string[]): Promise<Result<Resilience>> {
    const at = this.deps.clock.now()
    return this.now((state) => Promise.resolve(resilienceOf(state, scope, without, at)))
  }

  /**
   * Changes that a voter voted about, since a second or from a record on. Refused where the whole log
   * was looked through, and nobody of that id is there or ever voted: a slip, and no answer.
   */
  votedBy(asked: Omit<AskedVoter, 'from'> & Since): Promise<Result<VotedPage>> {
    return this.now(async (state) => {
      const from = await this.startOf(state, asked)
      const found = await votedBy(this.deps.log, state, { ...asked, from }, this.effort())
      const isAll = from === 0 && asked.which === 'all' && found.next === undefined
      const isNobody = isAll && found.changes.length === 0 && !isVoter(state, asked.voter)
      return isNobody ? noVoter(asked.voter) : ok(found)
    })
  }

  /** Everything that was decided, or what of it is about a region of names. */
  changes(asked: Omit<AskedChanges, 'from'> & Since): Promise<Result<ChangesPage>> {
    return this.now(async (state) => {
      const from = await this.startOf(state, asked)
      return ok(await changesIn(this.deps.log, state, { ...asked, from }, this.effort()))
    })
  }

  /** What was not decided in the usual way. */
  exceptions(asked: Omit<LogPage, 'from'> & Since): Promise<Result<ExceptionPage>> {
    return this.now(async (state) => {
      const from = await this.startOf(state, asked)
      const now = this.deps.clock.now()
      return ok(await exceptionsIn(this.deps.log, state, { ...asked, from, now }, this.effort()))
    })
  }

  /** Entries at and under an alias without a certificate for so long. */
  stale(
    region: Alias,
    { age, ...page }: Pick<AskedStale, 'limit' | 'after'> & { readonly age: Seconds },
    lastIssued: LastIssued,
  ): Promise<Result<StalePage>> {
    const now = this.deps.clock.now()
    const asked = { ...page, now, before: minus(now, age) }
    return this.now(async (state) =>
      ok(await staleIn(state, region, asked, lastIssued, this.effort())),
    )
  }

  /** What ends by itself within so long. */
  ends({
    ahead,
    ...asked
  }: Omit<AskedEnds, 'now' | 'until'> & { readonly ahead: Seconds }): Promise<Result<Ends>> {
    const now = this.deps.clock.now()
    const until = plus(now, ahead)
    return this.now(async (state) => {
      const page = await endsIn(state, { ...asked, now, until }, this.effort())
      return ok({ ...page, at: now })
    })
  }

  private async startOf(state: IndexState, { from, since }: Since): Promise<number> {
    if (from !== undefined) return from
    return since === undefined ? 0 : firstSince(this.deps.log, state, since)
  }

  /** Of the tables as they are, whatever is committed before the answer is there. */
  private async now<T>(ask: (state: IndexState) => Promise<T>): Promise<T> {
    using tables = this.deps.snapshot()
    return await ask(new StateView(tables))
  }

  private readonly effort = (): Effort => new Effort(this.deps.pace, this.deps.steps)
}

const noProposal = (id: string): Result<never, Refusal<'namespace.unknown'>> =>
  refuse('namespace.unknown', 'there is no such proposal', {
    found: JSON.stringify(id.slice(0, 60)),
    next: 'capstan inbox',
  })

const noVoter = (id: string): Result<never, Refusal<'namespace.unknown'>> =>
  refuse('namespace.unknown', 'there is no such voter, and never was one who voted', {
    found: JSON.stringify(id.slice(0, 60)),
    next: 'capstan group show',
  })
