import { DependencyError } from '../core/dependency-error.js'
import { between, type Clock, plus, seconds, type Seconds, type UnixSeconds } from '../core/time.js'
import { type Asked, type AskedWitness, askWitness } from './ask-witness.js'
import { sameHash } from './hash.js'
import { isQuorum, type Policy } from './policy.js'
import type { KeptCosignature, LogHead, LogTree, WitnessClient } from './ports.js'
import { formatVerifierKey } from './verifier-key.js'

/** Why a witness has not cosigned the latest checkpoint. */
export type WitnessFault =
  Exclude<Asked, { readonly kind: 'cosigned' }> | { readonly kind: 'silent'; readonly what: string }

/** Faults that mean two histories, or a log that was cut short: somebody has to look. */
export const isAlarm = ({ kind }: WitnessFault): boolean => kind === 'ahead' || kind === 'forked'

/** One witness, as of now. */
export interface WitnessState {
  readonly name: string
  readonly url: string
  /** Records of the head that it cosigned last; undefined where it never did. */
  readonly size: number | undefined
  /** When it says that it did. */
  readonly at: UnixSeconds | undefined
  /** Has it cosigned the latest checkpoint? Not until it has been asked since the start. */
  readonly isCurrent: boolean
  /** Since when there has been a checkpoint that it has not cosigned; undefined where there is none. */
  readonly behindSince: UnixSeconds | undefined
  readonly fault: WitnessFault | undefined
}

/** The witnesses of one log, as of now. */
export interface CosigningState {
  /** `index` or `issuance` */
  readonly log: string
  /** Is the latest checkpoint cosigned by a quorum of the policy? */
  readonly quorum: boolean
  readonly witnesses: readonly WitnessState[]
}

export interface CosigningTerms {
  /** How old a cosignature of the latest checkpoint gets before a newer one is asked for. */
  readonly refresh: Seconds
  /** The first wait after a failure; each next one is twice as long, up to `retryAtMost`. */
  readonly retry: Seconds
  readonly retryAtMost: Seconds
  /** How long readers of the latest checkpoint wait for the witnesses that are asked about it. */
  readonly patience: Seconds
}

export const defaultCosigningTerms: Omit<CosigningTerms, 'refresh'> = {
  retry: seconds(1),
  retryAtMost: seconds(60),
  patience: seconds(2),
}

interface Deps {
  /** The log's name in this installation: `index` or `issuance`. */
  readonly log: string
  readonly tree: Pick<LogTree, 'checkpoint' | 'readTiles' | 'cosignatures' | 'keepCosignature'>
  readonly witnesses: readonly (AskedWitness & { readonly name: string })[]
  readonly policy: Policy
  readonly client: WitnessClient
  readonly clock: Clock
  readonly terms: CosigningTerms
  /** Told of every change for the worse or the better. */
  readonly changed: (witness: WitnessState, log: string) => void
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Followed {
  readonly witness: Deps['witnesses'][number]
  readonly vkey: string
  readonly state: Mutable<WitnessState>
  /** Has it answered since the start? A store that was put back may be behind what it has cosigned. */
  hasAnswered: boolean
  failures: number
  /** Whoever waits for the round under way, and for the one after it. */
  running: Pending | undefined
  waiting: Pending | undefined
}

interface Pending {
  readonly done: Promise<void>
  readonly end: () => void
}

/**
 * Has each witness cosign the latest checkpoint of one log, and keeps what they sign. Every witness is
 * followed by itself: one that is slow or gone holds up no other, and appending waits for none of them.
 */
export class Cosigning {
  readonly #deps: Deps
  readonly #followed: readonly Followed[]
  #waking = new AbortController()
  /** How often there was a new checkpoint, and when the last time. */
  #wakes = 0
  #wokenAt: UnixSeconds

  constructor(deps: Deps) {
    this.#deps = deps
    this.#wokenAt = deps.clock.now()
    this.#followed = deps.witnesses.map((witness) => ({
      witness,
      vkey: formatVerifierKey(witness.key),
      state: {
        ...{ name: witness.name, url: witness.url, size: undefined, at: undefined },
        ...{ isCurrent: false, behindSince: undefined, fault: undefined },
      },
      hasAnswered: false,
      failures: 0,
      running: undefined,
      waiting: undefined,
    }))
  }

  /** There is a new checkpoint. Waits for nothing. */
  wake(): void {
    this.#wakes += 1
    this.#wokenAt = this.#deps.clock.now()
    for (const one of this.#followed) {
      // Nobody waits for a witness that has just failed.
      if (one.failures === 0) one.waiting ??= pending()
      one.state.behindSince ??= this.#wokenAt
      one.state.isCurrent = false
    }
    this.#waking.abort()
    this.#waking = new AbortController()
  }

  /** Resolves when every witness has been asked about the latest checkpoint, or patience has ended. */
  async settled(): Promise<void> {
    const rounds = this.#followed.flatMap(({ waiting, running }) => waiting ?? running ?? [])
    if (rounds.length === 0) return
    const { clock, terms } = this.#deps
    const over = new AbortController()
    const patience = clock.sleepUntil(plus(clock.now(), terms.patience), over.signal)
    await Promise.race([Promise.all(rounds.map(({ done }) => done)), patience])
    over.abort()
  }

  state(): CosigningState {
    const { log, policy } = this.#deps
    const signers = this.#followed.filter(({ state }) => state.isCurrent)
    const keys = signers.map(({ witness }) => witness.key)
    return {
      log,
      quorum: isQuorum(policy, keys),
      witnesses: this.#followed.map(({ state }) => ({ ...state })),
    }
  }

  /** Asks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const kept = await this.#kept(signal)
    await Promise.all(
      this.#followed.map((one) => {
        const last = kept.find(({ witness }) => witness === one.vkey)
        one.state.size = last?.size
        one.state.at = last?.at
        return this.#follow(one, signal)
      }),
    )
  }

  /** What was cosigned before the start. A store that does not answer now is asked again. */
  async #kept(signal: AbortSignal): Promise<readonly KeptCosignature[]> {
    const { tree, clock, terms } = this.#deps
    for (let wait = terms.retry; ; wait = seconds(Math.min(wait * 2, terms.retryAtMost))) {
      try {
        return await tree.cosignatures()
      } catch (error) {
        if (signal.aborted) return []
        const what = error instanceof DependencyError ? error.message : 'the store cannot be read'
        for (const one of this.#followed) {
          one.failures += 1
          end(one.waiting)
          one.waiting = undefined
          this.#failed(one, { kind: 'silent', what })
        }
        await clock.sleepUntil(plus(clock.now(), wait), signal)
      }
    }
  }

  async #follow(one: Followed, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    while (!signal.aborted) {
      // Taken before the look: a checkpoint that comes after it wakes this loop again.
      const woken = AbortSignal.any([signal, this.#waking.signal])
      one.running = one.waiting
      one.waiting = undefined
      const next = await this.#round(one, signal)
      end(one.running)
      one.running = undefined
      if (next.failed) end(one.waiting)
      // A back-off is sat out, whatever comes: who is gone is not asked more often for it.
      await clock.sleepUntil(next.at, next.failed ? signal : woken)
    }
    end(one.waiting)
  }

  /** Looks once, asks where there is something to ask, and says when to look again. */
  async #round(
    one: Followed,
    signal: AbortSignal,
  ): Promise<{ readonly failed: boolean; readonly at: UnixSeconds }> {
    const { clock, terms } = this.#deps
    const wakes = this.#wakes
    const fault = await this.#ask(one, signal).catch((error: unknown): WitnessFault => {
      const what = error instanceof DependencyError ? error.message : 'it cannot be asked'
      return { kind: 'silent', what }
    })
    const { state } = one
    const now = clock.now()
    if (fault) {
      const wait = Math.min(terms.retry * 2 ** Math.min(one.failures, 20), terms.retryAtMost)
      one.failures += 1
      if (!signal.aborted) this.#failed(one, fault)
      return { failed: true, at: plus(now, seconds(wait)) }
    }
    one.failures = 0
    state.isCurrent = state.size !== undefined && wakes === this.#wakes
    // A checkpoint that came meanwhile has a round of its own.
    state.behindSince = wakes === this.#wakes ? undefined : this.#wokenAt
    const recovered = state.fault !== undefined
    state.fault = undefined
    if (recovered) this.#deps.changed({ ...state }, this.#deps.log)
    const due = plus(state.at ?? now, terms.refresh)
    return { failed: false, at: due > now ? due : plus(now, terms.refresh) }
  }

  /** Undefined once the latest checkpoint is cosigned, and the cosignature is young enough. */
  async #ask(one: Followed, signal: AbortSignal): Promise<WitnessFault | undefined> {
    const { tree, client, clock, terms } = this.#deps
    const { witness, vkey, state } = one
    const signed = await tree.checkpoint()
    if (!signed) return undefined
    const kept = (await tree.cosignatures()).find((each) => each.witness === vkey)
    const isOfIt = kept !== undefined && isSameHead(kept, signed)
    if (one.hasAnswered && isOfIt && between(kept.at, clock.now()) < terms.refresh) {
      state.size = kept.size
      state.at = kept.at
      return undefined
    }
    if (!isOfIt) state.behindSince ??= clock.now()
    const deps = { client, tiles: tree, signal, now: () => clock.now() }
    const asked = await askWitness(deps, witness, signed, state.size ?? 0)
    if (asked.kind !== 'cosigned') return asked
    const head = {
      size: signed.size,
      root: signed.root,
      ...(signed.state && { state: signed.state }),
    }
    await tree.keepCosignature({ ...head, witness: vkey, at: asked.at, line: asked.line })
    one.hasAnswered = true
    state.size = signed.size
    state.at = asked.at
    return undefined
  }

  #failed(one: Followed, fault: WitnessFault): void {
    const { state } = one
    const isNews = state.fault?.kind !== fault.kind || isAlarm(fault)
    state.fault = fault
    if (isNews) this.#deps.changed({ ...state }, this.#deps.log)
  }
}

const end = (round: Pending | undefined): void => round?.end()

const NONE = new Uint8Array(0)

const isSameHead = (a: LogHead, b: LogHead): boolean =>
  a.size === b.size && sameHash(a.root, b.root) && sameHash(a.state ?? NONE, b.state ?? NONE)

function pending(): Pending {
  let resolve: () => void = () => undefined
  const done = new Promise<void>((resolved) => {
    resolve = resolved
  })
  return { done, end: () => resolve() }
}
