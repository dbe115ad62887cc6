import { hours, plus } from '../../src/core/time.js'
import type { Result } from '../../src/core/result.js'
import { Admission, type AdmissionLimits } from '../../src/issuance/admission.js'
import type { Issued, IssueRequest } from '../../src/issuance/issue-leaf.js'
import { FakeClock, T0 } from '../support/fake-clock.js'

export const limits: AdmissionLimits = {
  perTurn: 2,
  perMs: 0,
  atOnce: 4,
  waiting: 6,
  few: 0,
  burstMs: 50,
  waitMs: 24,
  firstsThen: 3,
  renewalsThen: 2,
  calmMs: 40,
  held: 100,
}

/** An event loop and a use case that do what the test says, when it says so. */
export class World {
  ms = 1_000
  msOfBeginning = 0
  readonly clock = new FakeClock()
  readonly begun: string[] = []
  readonly answers = new Map<string, string>()
  readonly admission: Admission
  private turns: (() => void)[] = []
  private timers: { at: number; run: () => void }[] = []
  private readonly open = new Map<string, (answer: Result<Issued>) => void>()

  constructor(over: Partial<AdmissionLimits> = {}) {
    this.admission = new Admission({
      issueLeaf: (request) => {
        this.begun.push(request.requestId)
        this.ms += this.msOfBeginning
        return new Promise((resolve) => this.open.set(request.requestId, resolve))
      },
      clock: this.clock,
      elapsed: () => this.ms,
      nextTurn: (run) => this.turns.push(run),
      after: (ms, run) => this.timers.push({ at: this.ms + ms, run }),
      limits: { ...limits, ...over },
    })
  }

  get underWork(): number {
    return this.open.size
  }

  /** How often the event loop was asked to come back. */
  get asked(): { readonly turns: number; readonly timers: number } {
    return { turns: this.turns.length, timers: this.timers.length }
  }

  /** Each name has a CSR of its own. */
  ask(
    requestId: string,
    identity?: string,
    kind: 'kubernetes' | 'renewal' = 'kubernetes',
    csr = Buffer.from(identity ?? requestId),
  ): void {
    const request = { requestId, identity, csr, evidence: { kind } } as unknown as IssueRequest
    void this.admission.issueLeaf(request).then((answer) => {
      this.answers.set(requestId, answer.ok ? 'issued' : answer.refusal.code)
    })
  }

  /** One turn of the event loop, after so many milliseconds. */
  async turn(ms = 0): Promise<void> {
    this.ms += ms
    const due = this.timers.filter(({ at }) => at <= this.ms)
    this.timers = this.timers.filter(({ at }) => at > this.ms)
    for (const run of [...this.turns.splice(0), ...due.map((timer) => timer.run)]) run()
    await this.settle()
  }

  /** Turns that come in time, for so many milliseconds. */
  async turnsFor(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 2) await this.turn(2)
  }

  async finish(requestId: string): Promise<void> {
    const value = {
      record: { notAfter: plus(T0, hours(24)) },
    } as unknown as Issued
    this.open.get(requestId)?.({ ok: true, value })
    this.open.delete(requestId)
    await this.settle()
  }

  async settle(): Promise<void> {
    for (let tick = 0; tick < 5; tick += 1) await Promise.resolve()
  }
}
