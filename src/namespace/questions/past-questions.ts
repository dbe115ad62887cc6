import type { Result } from '../../core/result.js'
import type { Pace } from '../ports.js'
import type { IndexState } from '../state.js'
import { type AskedDiff, type Diff, diffOf, type DiffStore } from './diff.js'
import { type PastMoment, sizeAt, stateAt } from './past.js'

/**
 * Questions about the index as it was: the log is read again for each. One at a time, so that no more
 * than two states are in tables elsewhere; only where the log is written, and over no network.
 */
export class PastQuestions {
  private readonly store: DiffStore
  private readonly pace: Pace
  private turn: Promise<unknown> = Promise.resolve()

  constructor(store: DiffStore, pace: Pace) {
    this.store = store
    this.pace = pace
  }

  diff(asked: AskedDiff): Promise<Result<Diff>> {
    return this.inTurn(() => diffOf(this.store, asked, this.pace))
  }

  /** Asks of the index as it was; the state is gone once the answer is there. */
  at<T>(
    moment: PastMoment,
    ask: (state: IndexState, pace: Pace) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.inTurn(async () => {
      const size = await sizeAt(this.store, moment)
      if (!size.ok) return size
      const past = await stateAt(this.store, size.value, this.pace)
      if (!past.ok) return past
      await using there = past.value
      return await ask(there.state, this.pace)
    })
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }
}
