import type { Outcome } from './hunt.js'
import type { Mutant } from './mutants.js'

export type Decided = Mutant & Outcome

export interface Tally {
  readonly mutants: number
  readonly killed: number
  readonly timedOut: number
  readonly survived: number
  readonly notReached: number
  /** Per cent of the mutants that a test noticed, those included that made it wait for ever. */
  readonly score: number
}

/** What became of one target. */
export interface Result extends Tally {
  readonly target: string
  /** Mutants of texts for people, which are none of the above. */
  readonly texts: number
  readonly minutes: number
  readonly all: readonly Decided[]
}

export function tallyOf(all: readonly Outcome[]): Tally {
  const count = (wanted: Outcome['verdict']): number =>
    all.filter(({ verdict }) => verdict === wanted).length
  const [killed, timedOut] = [count('killed'), count('timed-out')]
  return {
    ...{ mutants: all.length, killed, timedOut },
    ...{ survived: count('survived'), notReached: count('not-reached') },
    score: (100 * (killed + timedOut)) / all.length,
  }
}

export const isAlive = ({ verdict }: Outcome): boolean =>
  verdict === 'survived' || verdict === 'not-reached'
