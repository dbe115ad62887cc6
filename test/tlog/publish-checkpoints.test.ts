import { describe, expect, it } from '@jest/globals'
import { sha256 } from '../../src/core/uid.js'
import { parseCheckpoint } from '../../src/tlog/checkpoint.js'
import { parseNote } from '../../src/tlog/note.js'
import type { NoteSigner } from '../../src/tlog/ports.js'
import { CheckpointPublisher } from '../../src/tlog/publish-checkpoints.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { MemoryLogTree } from '../support/memory-log-tree.js'
import { logSigner } from '../support/note-signers.js'
import { numberedLeaves, treeRoot } from './reference-tree.js'

const leaves = numberedLeaves(600)

/** A publisher whose signatures are made when the test says so. */
function given() {
  const tree = new MemoryLogTree(() => [])
  const real = logSigner('acme.example/index')
  const signed: { readonly size: number; readonly root: string }[] = []
  const held: (() => void)[] = []
  const failures: unknown[] = []
  const state = { fails: false, forgets: false }
  const remembered: number[] = []
  const signer: NoteSigner = {
    key: real.key,
    sign: async (octets) => {
      await new Promise<void>((resolve) => held.push(resolve))
      if (state.fails) throw new Error('no key')
      const text = parseCheckpoint(Buffer.from(octets).toString())
      if (text.ok) {
        const { size, root } = text.value
        signed.push({ size, root: Buffer.from(root).toString('hex') })
      }
      return real.sign(octets)
    },
  }
  const publisher = new CheckpointPublisher({
    tree,
    signer,
    remember: ({ size }) => {
      if (state.forgets) return Promise.reject(new Error('no disk'))
      remembered.push(size)
      return Promise.resolve()
    },
    failed: (why) => failures.push(why),
  })
  const grow = (to: number) => {
    tree.append(leaves.slice(tree.size, to))
    publisher.publish()
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const release = async () => {
    await turn()
    held.shift()?.()
    await turn()
  }
  return { tree, publisher, grow, release, signed, held, failures, state, remembered }
}

describe('checkpoints of a log that grows', () => {
  it('are signed while it grows, the latest next, and nobody waits for one', async () => {
    const { tree, publisher, grow, release, signed } = given()
    grow(1)
    await new Promise((resolve) => setImmediate(resolve))
    for (const size of [2, 3, 300, 512]) grow(size)
    expect(tree.signed).toBeUndefined()
    await release()
    expect(tree.signed?.size).toBe(1)
    await release()
    await publisher.settled()
    expect(signed.map(({ size }) => size)).toEqual([1, 512])
    expect(tree.signed?.size).toBe(512)
    for (const { size, root } of signed) {
      expect(root).toBe(Buffer.from(treeRoot(leaves.slice(0, size))).toString('hex'))
    }
    expect(parseNote(Buffer.from(tree.signed!.note)).ok).toBe(true)
  })

  it('are not waited for where their heads came later', async () => {
    const { tree, publisher, grow, release, held } = given()
    grow(1)
    const settled = publisher.settled()
    await new Promise((resolve) => setImmediate(resolve))
    grow(2)
    await release()
    await settled
    expect(tree.signed?.size).toBe(1)
    expect(held).toHaveLength(1)
    await release()
    await publisher.settled()
    expect(tree.signed?.size).toBe(2)
  })

  it('are told of where they are not kept', async () => {
    const { tree, publisher, grow, release, failures } = given()
    tree.keepCheckpoint = () => Promise.resolve(false)
    grow(1)
    await release()
    await publisher.settled()
    expect(failures).toHaveLength(1)
  })

  it('are signed once for a size', async () => {
    const { publisher, grow, release, signed, held } = given()
    grow(5)
    await release()
    await publisher.settled()
    publisher.publish()
    publisher.publish()
    await publisher.settled()
    expect(held).toEqual([])
    expect(signed).toHaveLength(1)
  })

  it('are remembered apart from the tree before they are signed, or not signed', async () => {
    const { tree, publisher, grow, release, held, failures, state, remembered } = given()
    grow(5)
    await new Promise((resolve) => setImmediate(resolve))
    expect(remembered).toEqual([5])
    expect(held).toHaveLength(1)
    await release()
    state.forgets = true
    grow(7)
    await publisher.settled()
    expect(held).toEqual([])
    expect(failures).toHaveLength(1)
    expect(tree.signed?.size).toBe(5)
    state.forgets = false
    publisher.publish()
    await release()
    await publisher.settled()
    expect(remembered).toEqual([5, 7])
    expect(tree.signed?.size).toBe(7)
  })

  it('sign the state that the tree has, also of a head that was signed without', async () => {
    const { tree, publisher, grow, release, held, signed } = given()
    const lines = (): readonly string[] => {
      const note = parseNote(Buffer.from(tree.signed?.note ?? ''))
      const read = note.ok && parseCheckpoint(note.value.text)
      return read && read.ok ? read.value.extensions : ['no checkpoint']
    }
    grow(5)
    await release()
    await publisher.settled()
    expect(lines()).toEqual([])
    const state = sha256('a state')
    const head = tree.head.bind(tree)
    tree.head = async () => ({ ...(await head()), state })
    tree.keepCheckpoint = (checkpoint) => {
      tree.signed = checkpoint
      return Promise.resolve(true)
    }
    publisher.publish()
    await release()
    await publisher.settled()
    expect(signed.map(({ size }) => size)).toEqual([5, 5])
    expect(lines()).toEqual([stateLine(state)])
    // Not a second time, and not without it again.
    publisher.publish()
    await publisher.settled()
    tree.head = head
    publisher.publish()
    await publisher.settled()
    expect(held).toEqual([])
    expect(tree.signed?.state).toBe(state)
  })

  it('are asked about once for changes that come together', async () => {
    const { tree, publisher, grow, release } = given()
    let looks = 0
    const checkpoint = tree.checkpoint.bind(tree)
    tree.checkpoint = () => {
      looks += 1
      return checkpoint()
    }
    for (const size of [1, 2, 3]) grow(size)
    await release()
    await publisher.settled()
    expect(looks).toBe(1)
    expect(tree.signed?.size).toBe(3)
  })

  it('are not signed of a tree without leaves', async () => {
    const { tree, publisher, held } = given()
    publisher.publish()
    await publisher.settled()
    expect(held).toEqual([])
    expect(tree.signed).toBeUndefined()
  })

  it('are tried again at the next change where they could not be signed', async () => {
    const { tree, publisher, grow, release, failures, state } = given()
    state.fails = true
    grow(4)
    await release()
    await publisher.settled()
    expect(failures).toHaveLength(1)
    expect(tree.signed).toBeUndefined()
    state.fails = false
    grow(6)
    await release()
    await publisher.settled()
    expect(tree.signed?.size).toBe(6)
  })
})
