import { numberedLeaves, treeProof, treeRoot } from '../tlog/reference-tree.js'
import type { NoteSigner } from '../../src/tlog/ports.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import { toBase64 } from '../../src/tlog/note-text.js'

/** A tree of leaves that a test chooses, and its log's key: it signs what it is asked to, forks too. */
export class SignedTree {
  readonly leaves: readonly Uint8Array[]
  private readonly signer: NoteSigner

  constructor(signer: NoteSigner, leaves: readonly Uint8Array[] = numberedLeaves(64)) {
    this.signer = signer
    this.leaves = leaves
  }

  /** Another history: the same up to `at`, and other leaves from there. */
  forkedAt(at: number): SignedTree {
    const other = this.leaves.slice(at).map((leaf) => Buffer.from(leaf).reverse())
    return new SignedTree(this.signer, [...this.leaves.slice(0, at), ...other])
  }

  root(size: number): Uint8Array {
    return treeRoot(this.leaves.slice(0, size))
  }

  note(size: number, extensions: readonly string[] = []): Promise<string> {
    const { name: origin } = this.signer.key
    return signCheckpoint({ origin, size, root: this.root(size), extensions }, this.signer)
  }

  /** The body of add-checkpoint. */
  async request(old: number, size: number, extensions: readonly string[] = []): Promise<string> {
    const proof = old === 0 || old > size ? [] : treeProof(old, this.leaves.slice(0, size))
    return [`old ${old}`, ...proof.map(toBase64), '', await this.note(size, extensions)].join('\n')
  }
}
