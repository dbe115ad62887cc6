import { describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../../src/core/time.js'
import type { WitnessStore } from '../../src/tlog/ports.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import type { CosignedHead, Decision } from '../../src/tlog/witness-answer.js'

const head = (size: number): CosignedHead => ({
  size,
  root: Buffer.alloc(32, size),
  at: unixSeconds(1_700_000_000 + size),
  note: `a note of ${size}\n`,
})
const no: Decision = { kind: 'answer', answer: { status: 409, body: '0\n' } }
const cosign = (size: number): Decision => ({ kind: 'cosign', head: head(size) })

/** What every store of a witness's heads must keep. `reopen` gives what a new process would see. */
export function witnessStoreContract(
  name: string,
  open: () => Promise<{
    readonly store: WitnessStore
    readonly reopen: () => Promise<WitnessStore>
  }>,
): void {
  describe(`WitnessStore: ${name}`, () => {
    const seen = async (store: WitnessStore, origin: string): Promise<TreeHead | undefined> => {
      let found: TreeHead | undefined
      await store.checkAndStore(origin, (recorded) => {
        found = recorded
        return no
      })
      return found && { size: found.size, root: Buffer.from(found.root) }
    }
    const headOf = (size: number): TreeHead => {
      const { root } = head(size)
      return { size, root: Buffer.from(root) }
    }

    it('has nothing at first, and records nothing that is not to be cosigned', async () => {
      const { store } = await open()
      expect(await seen(store, 'a')).toBeUndefined()
      expect(await seen(store, 'a')).toBeUndefined()
      expect(await store.latest('a')).toBeUndefined()
      expect(await store.latestTime()).toBeUndefined()
    })

    it('keeps the last head of each origin, also after reopening', async () => {
      const { store, reopen } = await open()
      await store.checkAndStore('a', () => cosign(3))
      await store.checkAndStore('b', () => cosign(4))
      await store.checkAndStore('a', () => cosign(5))
      for (const each of [store, await reopen()]) {
        expect(await seen(each, 'a')).toEqual(headOf(5))
        expect(await seen(each, 'b')).toEqual(headOf(4))
        expect(await seen(each, 'A')).toBeUndefined()
        const latest = await each.latest('a')
        expect(latest && { ...latest, root: Buffer.from(latest.root) }).toEqual(head(5))
        expect(await each.latestTime()).toBe(head(5).at)
      }
    })

    it('takes a later time of the same head, and remembers the latest of all', async () => {
      const { store } = await open()
      await store.checkAndStore('b', () => cosign(9))
      const again = { ...head(3), at: unixSeconds(1_700_000_005) }
      await store.checkAndStore('a', () => cosign(3))
      await store.checkAndStore('a', () => ({ kind: 'cosign', head: again }))
      expect((await store.latest('a'))?.at).toBe(again.at)
      expect(await store.latestTime()).toBe(head(9).at)
    })

    it('records nothing where the decision throws', async () => {
      const { store } = await open()
      await store.checkAndStore('a', () => cosign(3))
      const thrown = store.checkAndStore('a', () => {
        throw new Error('a defect')
      })
      await expect(thrown).rejects.toThrow()
      await store.checkAndStore('a', () => cosign(4))
      expect(await seen(store, 'a')).toEqual(headOf(4))
    })

    it('lets nothing come between the look and the record', async () => {
      const { store } = await open()
      const next = (recorded: TreeHead | undefined): Decision => cosign((recorded?.size ?? 0) + 1)
      const all = Array.from({ length: 20 }, () => store.checkAndStore('a', next))
      const sizes = (await Promise.all(all)).map((done) =>
        done.kind === 'cosign' ? done.head.size : 0,
      )
      expect(new Set(sizes).size).toBe(20)
      expect(await seen(store, 'a')).toEqual(headOf(20))
    })
  })
}
