import type { Pace, Progress } from '../namespace/ports.js'

/** Milliseconds of work before others have a turn. */
const TURN_MS = 4
/** Milliseconds between two reports. */
const REPORT_MS = 5000

/** What takes long in this process: how far it is, and the turns that it leaves to others. */
export class LongWork {
  readonly pace: Pace
  private current: Progress | undefined
  private turnAt = performance.now()
  private reportAt = performance.now() + REPORT_MS

  /** `report` is told every few seconds. */
  constructor(report: (progress: Progress) => void) {
    this.pace = (progress) => {
      const now = performance.now()
      if (now < this.turnAt + TURN_MS) return undefined
      this.current = progress
      if (now >= this.reportAt) {
        this.reportAt = now + REPORT_MS
        report(progress)
      }
      return this.giveTurn()
    }
  }

  /** Undefined when nothing takes long. */
  progress(): Progress | undefined {
    return this.current
  }

  /** It is done, or has failed. */
  end(): void {
    this.current = undefined
  }

  private async giveTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.turnAt = performance.now()
  }
}
