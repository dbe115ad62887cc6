import { type UnixSeconds, unixSeconds } from '../../src/core/time.js'
import type { WitnessStore } from '../../src/tlog/ports.js'
import type { CosignedHead, Decision } from '../../src/tlog/witness-answer.js'

/** Heads in memory. */
export class MemoryWitnessStore implements WitnessStore {
  readonly heads = new Map<string, CosignedHead>()

  checkAndStore(
    origin: string,
    decide: (recorded: CosignedHead | undefined) => Decision,
  ): Promise<Decision> {
    return new Promise((resolve) => {
      const decision = decide(this.heads.get(origin))
      if (decision.kind === 'cosign') this.heads.set(origin, decision.head)
      resolve(decision)
    })
  }

  latest(origin: string): Promise<CosignedHead | undefined> {
    return Promise.resolve(this.heads.get(origin))
  }

  latestTime(): Promise<UnixSeconds | undefined> {
    const times = [...this.heads.values()].map(({ at }) => at)
    return Promise.resolve(times.length === 0 ? undefined : unixSeconds(Math.max(...times)))
  }
}
