import { parseSignatureLine } from '../../src/tlog/note.js'
import type { VerifierKey } from '../../src/tlog/verifier-key.js'
import { logSigner } from './note-signers.js'
import { SignedTree } from './signed-tree.js'
import type { WitnessProcess } from './witness-process.js'

interface Rivals {
  readonly key: VerifierKey
  readonly histories: readonly [SignedTree, SignedTree]
  /** Which of the two the witness has signed. */
  readonly signed: Set<number>
  isTried: boolean
}

/** Many logs, each of which signs two histories and asks a witness for both. */
export class RivalHistories {
  readonly logs: readonly Rivals[]

  constructor(count: number) {
    this.logs = Array.from({ length: count }, (_, at) => {
      const signer = logSigner(`log${at}.example`)
      const tree = new SignedTree(signer)
      const histories = [tree, tree.forkedAt(0)] as const
      return { key: signer.key, histories, signed: new Set<number>(), isTried: false }
    })
  }

  /** Both histories of each log that was not asked about before, at once, until nobody answers. */
  async race(witness: WitnessProcess): Promise<void> {
    for (const log of this.logs) {
      if (log.isTried) continue
      if (!witness.isRunning) return
      log.isTried = true
      await Promise.all([
        this.ask(witness, log, 0, 1),
        this.ask(witness, log, 1, 1),
        this.ask(witness, log, 1, 2),
        this.ask(witness, log, 0, 2),
      ])
    }
  }

  /** Once more: whatever it signed and could not tell, it must not sign the other now. */
  async insist(witness: WitnessProcess): Promise<void> {
    for (const log of this.logs.filter(({ isTried }) => isTried)) {
      for (const which of [1, 0]) {
        for (const size of [1, 2, 3]) await this.ask(witness, log, which, size)
      }
    }
  }

  /** Logs of which both histories have a signature of the witness. */
  forked(): readonly string[] {
    return this.logs.filter(({ signed }) => signed.size > 1).map(({ key }) => key.name)
  }

  signedCount(): number {
    return this.logs.filter(({ signed }) => signed.size > 0).length
  }

  /** A witness that says that it is elsewhere is asked from there. */
  private async ask(
    witness: WitnessProcess,
    log: Rivals,
    which: number,
    size: number,
  ): Promise<void> {
    const tree = log.histories[which]!
    const first = await witness.add(await tree.request(0, size))
    const from = first?.status === 409 ? Number(first.body) : undefined
    const last =
      from === undefined || from > size ? first : await witness.add(await tree.request(from, size))
    if (last?.status !== 200) return
    if (!parseSignatureLine(last.body.trimEnd())) throw new Error(`no signature: ${last.body}`)
    log.signed.add(which)
  }
}
