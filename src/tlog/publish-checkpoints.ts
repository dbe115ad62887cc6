import { DependencyError } from '../core/dependency-error.js'
import type { LogHead, NoteSigner, SignedTree } from './ports.js'
import { signCheckpoint } from './sign-note.js'
import { stateLine } from './state-root.js'
import type { TreeHead } from './verify-proof.js'

/** A version that knew no state has signed heads without it: such a one is signed again. */
const isNews = (head: LogHead, kept: LogHead | undefined): boolean =>
  head.size > (kept?.size ?? 0) ||
  (head.size === kept?.size && head.state !== undefined && kept.state === undefined)

interface Deps {
  readonly tree: Pick<SignedTree, 'head' | 'checkpoint' | 'keepCheckpoint'>
  /** Its name is the origin of the log. */
  readonly signer: NoteSigner
  /**
   * Makes a head durable apart from the tree, before it is signed: a tree that is put back to what it
   * was does not put this back. Nothing is signed where it rejects.
   */
  readonly remember: (head: TreeHead) => Promise<void>
  /** Told when a new checkpoint is kept. */
  readonly published?: () => void
  /** Told what went wrong; the next `publish` tries again. */
  readonly failed: (error: unknown) => void
}

/**
 * Signs the heads of one log, after they are committed and beside what appends to it: while one is
 * signed others may come, and only the latest of them is signed next. What is signed is durable before,
 * as a head of the tree and apart from it, and as a checkpoint before anybody sees it. No size has two
 * roots as long as whoever opens the tree sees that it goes on from both: only where all of them are
 * put back together to what they were can nothing here tell.
 */
export class CheckpointPublisher {
  readonly #deps: Deps
  /** Whether the last round has not begun yet. */
  #isWaiting = false
  #last: Promise<void> = Promise.resolve()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** There may be a new head. Waits for nothing. */
  publish(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#last = this.#last.then(() => this.#round())
  }

  /** Resolves when every head that was there before is signed, or could not be: two rounds at most. */
  settled(): Promise<void> {
    return this.#last
  }

  async #round(): Promise<void> {
    this.#isWaiting = false
    await this.#signHead().catch((error: unknown) => this.#deps.failed(error))
  }

  async #signHead(): Promise<void> {
    const { tree, signer, remember } = this.#deps
    const head = await tree.head()
    const kept = await tree.checkpoint()
    if (!isNews(head, kept)) return
    const { size, root, state } = head
    const extensions = state ? [stateLine(state)] : []
    const checkpoint = { origin: signer.key.name, size, root, extensions }
    await remember({ size, root })
    const note = await signCheckpoint(checkpoint, signer)
    if (!(await tree.keepCheckpoint({ ...head, note }))) {
      throw new DependencyError('store', 'a checkpoint was signed, and not kept')
    }
    this.#deps.published?.()
  }
}
