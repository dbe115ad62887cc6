import type { LogTree, NoteSigner } from './ports.js'
import { signCheckpoint } from './sign-note.js'

interface Deps {
  readonly tree: LogTree
  /** Its name is the origin of the log. */
  readonly signer: NoteSigner
  /** Told what went wrong; the next `publish` tries again. */
  readonly failed: (error: unknown) => void
}

/**
 * Signs the heads of one log, after they are committed and beside what appends to it: while one is
 * signed others may come, and only the latest of them is signed next. What is signed is durable as a
 * head of the tree before, and as a checkpoint before anybody sees it; so no size has two roots.
 */
export class CheckpointPublisher {
  readonly #deps: Deps
  #isWanted = false
  #running: Promise<void> | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** There may be a new head. Waits for nothing. */
  publish(): void {
    this.#isWanted = true
    this.#running ??= this.#run()
  }

  /** Resolves when every head that was there before is signed, or could not be. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false
      await this.#signHead().catch((error: unknown) => this.#deps.failed(error))
    }
    this.#running = undefined
  }

  async #signHead(): Promise<void> {
    const { tree, signer } = this.#deps
    const { size, root } = await tree.head()
    const kept = await tree.checkpoint()
    if (size <= (kept?.size ?? 0)) return
    const checkpoint = { origin: signer.key.name, size, root, extensions: [] }
    const note = await signCheckpoint(checkpoint, signer)
    await tree.keepCheckpoint({ size, root, note })
  }
}
