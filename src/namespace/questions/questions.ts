import type { Alias } from '../../core/alias.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { Clock } from '../../core/time.js'
import type { IndexLog, IndexStore, Pace } from '../ports.js'
import { standingOf } from '../standing.js'
import type { IndexState } from '../state.js'
import { StateView } from '../state-view.js'
import type { Operation } from '../operation.js'
import { type Authority, authorityOver } from './authority.js'
import { Effort } from './effort.js'
import { type Impact, impactDigest, impactOf } from './impact.js'
import { type ReachedFrom, reachedFrom, type ReachPage, type ReachSide } from './reach.js'
import { type Resilience, resilienceOf } from './resilience.js'

export interface QuestionDeps {
  readonly log: Pick<IndexLog, 'read'>
  readonly snapshot: IndexStore['snapshot']
  readonly clock: Pick<Clock, 'now'>
  readonly pace: Pace
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
      const found = await impactOf(state, row, this.effort())
      if (!found.ok) return found
      return ok({ proposal: id, digest: impactDigest(found.value), impact: found.value })
    })
  }

  /** Whom an entry may call now, or who may call it. */
  reach(side: ReachSide, alias: Alias, page: Omit<ReachPage, 'at'>): Promise<Result<ReachedFrom>> {
    const at = this.deps.clock.now()
    return this.now((state) => reachedFrom(state, side, alias, { ...page, at }, this.effort()))
  }

  authority(alias: Alias, op?: Operation['op']): Promise<Result<Authority>> {
    return this.now((state) => Promise.resolve(authorityOver(state, alias, op)))
  }

  resilience(scope: Alias, without: readonly string[]): Promise<Result<Resilience>> {
    return this.now((state) => Promise.resolve(resilienceOf(state, scope, without)))
  }

  /** Of the tables as they are, whatever is committed before the answer is there. */
  private async now<T>(ask: (state: IndexState) => Promise<T>): Promise<T> {
    using tables = this.deps.snapshot()
    return await ask(new StateView(tables))
  }

  private readonly effort = (): Effort => new Effort(this.deps.pace)
}

const noProposal = (id: string): Result<never, Refusal<'namespace.unknown'>> =>
  refuse('namespace.unknown', 'there is no such proposal', {
    found: JSON.stringify(id.slice(0, 60)),
    next: 'capstan inbox',
  })
