import { refuse, type Result } from '../core/result.js'
import type { Clock, UnixSeconds } from '../core/time.js'
import { sha256Hex } from '../core/uid.js'
import type { Issued, IssueRequest } from './issue-leaf.js'

export interface AdmissionLimits {
  /** Requests begun in one turn of the event loop at least: between turns, what came in is looked at. */
  readonly perTurn: number
  /**
   * For each millisecond that a turn was waited for, so many may be begun in place of those: what is
   * read between two turns is all that was sent meanwhile, and reading and turning away must leave
   * some for who is let in. More would leave requests unread where nobody can turn them away.
   */
  readonly perMs: number
  /** Requests under work, those that wait for a disk or a cluster included. */
  readonly atOnce: number
  /** Requests that wait to be begun. */
  readonly waiting: number
  /** So many who wait are no overload: it is what a few callers who ask all the time come to. */
  readonly few: number
  /**
   * Milliseconds that a request may wait in a burst, which passes. Once more than a few wait, one of
   * them for half of `waitMs`, at every moment of so long, that queue is not going to pass: it is an
   * overload. Time in which the event loop came to nothing is not counted, neither of the one nor of
   * the other: a pause of the machine is no overload.
   */
  readonly burstMs: number
  /** Milliseconds that it may wait in an overload: whoever is let in must not pay for all who are not. */
  readonly waitMs: number
  /**
   * First requests of a name that wait to be begun in an overload. Who comes beside them is turned
   * away at once: that costs less than to keep somebody waiting first.
   */
  readonly firstsThen: number
  /** The same of renewals: as many as come together while the loop collects garbage. */
  readonly renewalsThen: number
  /** Milliseconds in which nobody waited for half of `waitMs`, and an overload is over. */
  readonly calmMs: number
  /** Requests remembered to hold a certificate, and twice as many at most: 100 octets of memory each. */
  readonly held: number
}

export const defaultAdmissionLimits: AdmissionLimits = {
  perTurn: 8,
  perMs: 1 / 4,
  atOnce: 2000,
  waiting: 512,
  few: 128,
  burstMs: 250,
  waitMs: 30,
  firstsThen: 32,
  renewalsThen: 128,
  calmMs: 250,
  held: 20_000,
}

export interface AdmissionDeps {
  readonly issueLeaf: (request: IssueRequest) => Promise<Result<Issued>>
  readonly clock: Pick<Clock, 'now'>
  /** Milliseconds of a clock that never goes back. */
  readonly elapsed: () => number
  /** Runs it once the event loop has looked at what has come in. */
  readonly nextTurn: (run: () => void) => void
  readonly after: (ms: number, run: () => void) => void
  readonly limits: AdmissionLimits
}

interface Waiting {
  /** Later than it came where the loop paused meanwhile. */
  since: number
  readonly begin: () => void
  readonly turnAway: () => void
}

/**
 * Decides when a request is begun, and turns away what would wait too long: a server that does three
 * times what it can answers nobody in time. Who renews goes before who enrols: a workload without
 * its first certificate waits, one whose certificate ends breaks. Among those, the first to come is
 * served first as long as nobody waits for long, and the last to come once somebody does. When the
 * queue does not pass, it is kept short.
 */
export class Admission {
  private readonly deps: AdmissionDeps
  private readonly renewals: Waiting[] = []
  private readonly firsts: Waiting[] = []
  private readonly held: HeldRequests
  private begun = 0
  private underWork = 0
  /** When few waited, or nobody for long, last. */
  private calmAt = 0
  private isOverload = false
  /** When somebody had waited for long, last. */
  private longWaitAt = 0
  private turnIsDue = false
  /** Since when the next turn is waited for: a time in which nobody asked is none. */
  private turnAwaitedSince = 0
  private wasLate = false
  private lookIsDue = false

  constructor(deps: AdmissionDeps) {
    this.deps = deps
    this.held = new HeldRequests(deps.limits.held)
  }

  /** `issueLeaf`, begun in its turn; refused with `server.overloaded` when that does not come. */
  readonly issueLeaf = (request: IssueRequest): Promise<Result<Issued>> => {
    const { limits } = this.deps
    if (this.begun < limits.perTurn && this.depth === 0 && this.underWork < limits.atOnce) {
      return this.work(request)
    }
    if (this.depth === 0) this.calmAt = this.deps.elapsed()
    // It ends when somebody asks again: while nobody asks there are no turns.
    this.isOverload &&= this.isNotOver(this.deps.elapsed())
    const isRenewal = this.renews(request)
    const queue = isRenewal ? this.renewals : this.firsts
    const most = isRenewal ? limits.renewalsThen : limits.firstsThen
    if (this.isOverload && queue.length >= most) return Promise.resolve(overloaded())
    if (this.depth >= limits.waiting) {
      // Who has waited longest has the least time left to use an answer.
      const displaced = this.firsts.shift() ?? (isRenewal ? this.renewals.shift() : undefined)
      if (!displaced) return Promise.resolve(overloaded())
      displaced.turnAway()
    }
    return new Promise((resolve, reject) => {
      queue.push({
        since: this.deps.elapsed(),
        begin: () => void this.work(request).then(resolve, reject),
        turnAway: () => resolve(overloaded()),
      })
      this.wake()
    })
  }

  /** Requests that wait to be begun. */
  get depth(): number {
    return this.renewals.length + this.firsts.length
  }

  /** Since when the first of all who wait has been waiting. */
  private get oldest(): number {
    return Math.min(this.renewals[0]?.since ?? Infinity, this.firsts[0]?.since ?? Infinity)
  }

  private async work(request: IssueRequest): Promise<Result<Issued>> {
    this.begun += 1
    this.underWork += 1
    this.takeTurn()
    try {
      const issued = await this.deps.issueLeaf(request)
      if (issued.ok && request.identity !== undefined) {
        this.held.note(request.csr, issued.value.record.notAfter)
      }
      return issued
    } finally {
      this.underWork -= 1
      if (this.depth > 0) this.takeTurn()
    }
  }

  /** Whoever waits is looked at again: in the next turn, or when nothing can be begun, in time. */
  private wake(): void {
    const { limits, after } = this.deps
    if (this.underWork < limits.atOnce) {
      this.takeTurn()
    } else if (!this.lookIsDue) {
      this.lookIsDue = true
      this.turnAwaitedSince = this.deps.elapsed()
      after(limits.waitMs, () => {
        this.lookIsDue = false
        this.turn()
      })
    }
  }

  private takeTurn(): void {
    if (this.turnIsDue) return
    this.turnIsDue = true
    this.turnAwaitedSince = this.deps.elapsed()
    this.deps.nextTurn(() => {
      this.turnIsDue = false
      this.turn()
    })
  }

  private turn(): void {
    this.begun = 0
    const { limits } = this.deps
    const now = this.deps.elapsed()
    const waited = now - this.turnAwaitedSince
    // One late turn is a pause of the machine, which is nobody's fault; turn after turn, it is the load.
    const isLate = waited > limits.waitMs
    if (isLate && !this.wasLate && !this.isOverload) this.leaveOut(waited - limits.waitMs, now)
    this.wasLate = isLate
    const isLong = now - this.oldest >= limits.waitMs / 2
    const isCalm = this.depth <= limits.few || !isLong
    if (isLong) this.longWaitAt = now
    this.judge(isCalm, now)
    const mayWait = this.isOverload ? limits.waitMs : limits.burstMs
    for (const queue of [this.renewals, this.firsts]) turnAwayFrom(queue, now - mayWait)
    const most = Math.max(limits.perTurn, waited * limits.perMs)
    while (this.begun < most && this.underWork < limits.atOnce) {
      // In a queue that does not pass, the first to come would all be served late, and nobody in time.
      const next = isCalm
        ? (this.renewals.shift() ?? this.firsts.shift())
        : (this.renewals.pop() ?? this.firsts.pop())
      if (!next) break
      next.begin()
    }
    this.turnAwaitedSince = this.deps.elapsed()
    if (this.depth > 0) this.wake()
  }

  /** Time that is no waiting of anybody's, and says nothing of the queue. */
  private leaveOut(pause: number, now: number): void {
    this.calmAt += pause
    for (const queue of [this.renewals, this.firsts]) {
      for (const one of queue) one.since = Math.min(now, one.since + pause)
    }
  }

  private judge(isCalm: boolean, now: number): void {
    if (isCalm) this.calmAt = now
    else if (now - this.calmAt >= this.deps.limits.burstMs) this.isOverload = true
  }

  private isNotOver(now: number): boolean {
    return now - this.longWaitAt < this.deps.limits.calmMs
  }

  /**
   * Whoever has a certificate for the same request: a proxy repeats its CSR until it starts again.
   * Names are public, and somebody who said one would stand where its owner does; a signed CSR is
   * seen by its owner and by us alone.
   */
  private renews({ evidence, identity, csr }: IssueRequest): boolean {
    if (evidence.kind === 'renewal') return true
    return identity !== undefined && this.held.holds(csr, this.deps.clock.now())
  }
}

/** The oldest stand first. */
function turnAwayFrom(queue: Waiting[], tooOld: number): void {
  const firstInTime = queue.findIndex(({ since }) => since > tooOld)
  const late = queue.splice(0, firstInTime === -1 ? queue.length : firstInTime)
  for (const { turnAway } of late) turnAway()
}

const overloaded = (): Result<never> =>
  refuse('server.overloaded', 'more is asked of this server than it can do', {
    next: 'try again in a second',
  })

/** Requests for which a certificate was issued that has not ended; the newest half of them at least. */
class HeldRequests {
  private readonly size: number
  private newer = new Map<string, UnixSeconds>()
  private older = new Map<string, UnixSeconds>()

  constructor(size: number) {
    this.size = size
  }

  note(csr: Uint8Array, notAfter: UnixSeconds): void {
    if (this.newer.size >= this.size) {
      this.older = this.newer
      this.newer = new Map()
    }
    this.newer.set(sha256Hex(csr), notAfter)
  }

  holds(csr: Uint8Array, now: UnixSeconds): boolean {
    const key = sha256Hex(csr)
    const notAfter = this.newer.get(key) ?? this.older.get(key)
    return notAfter !== undefined && now <= notAfter
  }
}
