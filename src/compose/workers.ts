import type { Result } from '../core/result.js'
import { type Clock, plus, seconds, type UnixSeconds } from '../core/time.js'
import type { MetricsSnapshot } from '../server/metrics.js'
import type { Readiness, StatusJson } from '../server/http/shapes.js'
import type { Command, Outcome } from '../store/sqlite/commands.js'
import type { CarriedAnswer, CarriedCall } from './carried-calls.js'
import type { Front } from './front.js'
import { aborted } from './aborted.js'
import type { Log } from './open-log.js'
import { type MessagePort, WorkerChannel } from './worker-channel.js'
import type { MainAsks, WorkerAsks } from './worker-messages.js'

/** A process that was just started, and has not been told anything yet. */
export interface Forked {
  readonly pid: number
  readonly port: MessagePort
  /** At once. */
  kill(): void
  /** Resolves with its end, in words, when there is no such process any more. */
  readonly exited: Promise<string>
}

interface Deps {
  readonly count: number
  readonly fork: () => Forked
  /** What each worker is told first. */
  readonly start: MainAsks['start']['ask']
  readonly commit: (batch: readonly Command[]) => Promise<readonly Outcome[]>
  readonly crl: (issuer: string) => Promise<Result<Uint8Array>>
  readonly carry: (call: CarriedCall) => Promise<CarriedAnswer>
  readonly clock: Clock
  readonly log: Log
}

interface Up {
  readonly pid: number
  readonly since: UnixSeconds
  readonly addresses: StatusJson['server']['listeners']
  readonly channel: WorkerChannel<MainAsks, WorkerAsks>
}

/** A worker that lives so long has started well: the next one takes its place without a pause. */
const STEADY = seconds(10)
const LONGEST_PAUSE_S = 30
/** A worker that is slower to answer is left out of what is told about all of them. */
const PATIENCE_MS = 2000
/** What a worker may take beyond its grace to close what it has open. */
const CLOSING_MS = 5000

/** Worker processes that serve the network together; one that ends is replaced. */
export class Workers implements Front {
  private readonly deps: Deps
  private readonly up = new Map<number, Up>()
  private readonly living = new Set<Forked>()
  private readonly stopping = new AbortController()
  private slots: Promise<void>[] = []

  private constructor(deps: Deps) {
    this.deps = deps
  }

  /**
   * Resolves when all of them serve, or `signal` says that none has to; throws what kept the first
   * of them from it.
   */
  static async started(deps: Deps, signal: AbortSignal): Promise<Workers> {
    const workers = new Workers(deps)
    const first = Array.from({ length: deps.count }, () => workers.launch())
    try {
      await Promise.race([Promise.all(first.map(({ serving }) => serving)), aborted(signal)])
    } catch (error) {
      await workers.close(0)
      await Promise.allSettled(first.map(({ ended }) => ended))
      throw error
    }
    workers.slots = first.map(({ ended }) => workers.keep(ended))
    return workers
  }

  get addresses(): StatusJson['server']['listeners'] {
    const [any] = this.up.values()
    return any?.addresses ?? []
  }

  get processes(): readonly { readonly pid: number; readonly since: UnixSeconds }[] {
    return [...this.up.values()].map(({ pid, since }) => ({ pid, since }))
  }

  /** One is enough to serve. */
  check(): Readiness['checks'][number] {
    const detail = `${this.up.size} of ${this.deps.count} serve`
    return { name: 'workers', ok: this.up.size > 0, detail }
  }

  /** A cluster that was just registered is served under its name by every worker, or soon. */
  async follow(): Promise<void> {
    await Promise.all(
      [...this.up.values()].map(async ({ pid, channel }) => {
        const answered = await inTime(channel.ask('follow', undefined))
        // It grants on what the index says now all the same, and looks by itself a little later.
        if (!answered) this.deps.log.warn({ worker: pid }, 'a worker is slow to follow the index')
      }),
    )
  }

  async snapshots(): Promise<readonly MetricsSnapshot[]> {
    const asked = [...this.up.values()].map(({ channel }) =>
      inTime(channel.ask('metrics', undefined)),
    )
    return (await Promise.all(asked)).flatMap((answered) => (answered ? [answered.value] : []))
  }

  async close(graceMs: number): Promise<void> {
    this.stopping.abort()
    const serving = new Set([...this.up.values()].map(({ pid }) => pid))
    for (const { channel } of this.up.values())
      channel.ask('stop', { graceMs }).catch(() => undefined)
    for (const forked of this.living) if (!serving.has(forked.pid)) forked.kill()
    const late = setTimeout(() => {
      for (const forked of this.living) forked.kill()
    }, graceMs + CLOSING_MS)
    await Promise.all([...this.living].map(({ exited }) => exited))
    await Promise.all(this.slots)
    clearTimeout(late)
  }

  /** One process: when it serves, and when and how it ended. */
  private launch(): { readonly serving: Promise<void>; readonly ended: Promise<Ended> } {
    const { deps } = this
    const forked = deps.fork()
    const { pid } = forked
    this.living.add(forked)
    const channel = new WorkerChannel<MainAsks, WorkerAsks>(forked.port, `worker ${pid}`, {
      commit: deps.commit,
      crl: deps.crl,
      carry: deps.carry,
    })
    const ended = forked.exited.then((how): Ended => {
      const since = this.up.get(pid)?.since
      this.up.delete(pid)
      this.living.delete(forked)
      channel.close()
      return { pid, how, since }
    })
    const serve = async (): Promise<void> => {
      const addresses = await channel.ask('start', deps.start)
      this.up.set(pid, { pid, since: deps.clock.now(), addresses, channel })
      // What changed between its look at the clusters and its place in this list is news to it.
      await channel.ask('follow', undefined)
    }
    const serving = serve()
    serving.catch(() => forked.kill())
    return { serving, ended }
  }

  /** Replaces a worker that ended, and the one after it, until all are to stop. */
  private async keep(first: Promise<Ended>): Promise<void> {
    const { clock, log } = this.deps
    const { signal } = this.stopping
    let soon = 0
    let next: Promise<Ended> | undefined = first
    while (next) {
      const { pid, how, since } = await next
      if (signal.aborted) return
      soon = since !== undefined && clock.now() - since >= STEADY ? 0 : soon + 1
      // The first is replaced at once: it may have been killed by anybody, and the next one lives.
      const pause = soon < 2 ? 0 : Math.min(2 ** (soon - 2), LONGEST_PAUSE_S)
      log.error({ worker: pid, how, pause }, 'a worker has ended, and is replaced')
      if (pause > 0) await clock.sleepUntil(plus(clock.now(), seconds(pause)), signal)
      next = this.stopping.signal.aborted ? undefined : this.relaunch()
    }
  }

  private relaunch(): Promise<Ended> {
    const { serving, ended } = this.launch()
    serving.catch((err: unknown) => {
      if (!this.stopping.signal.aborted) this.deps.log.error({ err }, 'a worker cannot serve')
    })
    return ended
  }
}

interface Ended {
  readonly pid: number
  readonly how: string
  /** Since when it served; undefined when it never did. */
  readonly since: UnixSeconds | undefined
}

/** Undefined when there is no answer in time, or none at all. */
async function inTime<T>(answer: Promise<T>): Promise<{ readonly value: T } | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
  })
  try {
    return await Promise.race([answer.then((value) => ({ value })), late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
