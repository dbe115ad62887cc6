import type { Pace } from '../ports.js'

/** About half a second: an entry read from the store is a step, and so is a rule looked at. */
export const STEPS = 20_000
/** Steps between two breaths: less than two milliseconds. */
const BREATH = 64

/**
 * So much work is done for one answer, however large the index is. What is not looked at is said to
 * be missing, and asked for with what the answer says where it ended.
 */
export class Effort {
  private readonly pace: Pace
  private left: number
  private done = 0
  private breath = BREATH

  constructor(pace: Pace, steps: number = STEPS) {
    this.pace = pace
    this.left = steps
  }

  /** False once there is no more of it. */
  spend(steps = 1): boolean {
    this.left -= steps
    this.done += steps
    return this.left >= 0
  }

  /** For work that is counted by itself, at the same pace. */
  apart(steps: number): Effort {
    return new Effort(this.pace, steps)
  }

  get isSpent(): boolean {
    return this.left < 0
  }

  /** Lets others have their turn, now and then. */
  breathe(): Promise<void> | undefined {
    if (this.done < this.breath) return undefined
    this.breath = this.done + BREATH
    return this.pace({ work: 'look', done: this.done })
  }
}
