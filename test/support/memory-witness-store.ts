import type { WitnessStore } from '../../src/tlog/ports.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import type { Decision } from '../../src/tlog/witness-answer.js'

/** Heads in memory. */
export class MemoryWitnessStore implements WitnessStore {
  readonly heads = new Map<string, TreeHead>()

  checkAndStore(
    origin: string,
    decide: (recorded: TreeHead | undefined) => Decision,
  ): Promise<Decision> {
    const decision = decide(this.heads.get(origin))
    if (decision.kind === 'cosign') this.heads.set(origin, decision.head)
    return Promise.resolve(decision)
  }
}
