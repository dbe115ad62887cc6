import { describe, expect, it } from '@jest/globals'
import type { WitnessStore } from '../../src/tlog/ports.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import type { Decision } from '../../src/tlog/witness-answer.js'

const head = (size: number): TreeHead => ({ size, root: Buffer.alloc(32, size) })
const no: Decision = { kind: 'answer', answer: { status: 409, body: '0\n' } }

/** What every store of a witness's heads must keep. */
export function witnessStoreContract(open: () => Promise<WitnessStore>): void {
  describe('a store of what a witness has cosigned', () => {
    const seen = async (store: WitnessStore, origin: string): Promise<TreeHead | undefined> => {
      let found: TreeHead | undefined
      await store.checkAndStore(origin, (recorded) => {
        found = recorded
        return no
      })
      return found && { size: found.size, root: Buffer.from(found.root) }
    }

    it('has nothing at first, and records nothing that is not to be cosigned', async () => {
      const store = await open()
      expect(await seen(store, 'a')).toBeUndefined()
      expect(await seen(store, 'a')).toBeUndefined()
    })

    it('keeps the last head of each origin', async () => {
      const store = await open()
      await store.checkAndStore('a', () => ({ kind: 'cosign', head: head(3) }))
      await store.checkAndStore('b', () => ({ kind: 'cosign', head: head(4) }))
      await store.checkAndStore('a', () => ({ kind: 'cosign', head: head(5) }))
      expect(await seen(store, 'a')).toEqual(head(5))
      expect(await seen(store, 'b')).toEqual(head(4))
      expect(await seen(store, 'A')).toBeUndefined()
    })

    it('lets nothing come between the look and the record', async () => {
      const store = await open()
      const next = (recorded: TreeHead | undefined): Decision => ({
        kind: 'cosign',
        head: head((recorded?.size ?? 0) + 1),
      })
      const all = Array.from({ length: 20 }, () => store.checkAndStore('a', next))
      const sizes = (await Promise.all(all)).map((done) =>
        done.kind === 'cosign' ? done.head.size : 0,
      )
      expect(new Set(sizes).size).toBe(20)
      expect(await seen(store, 'a')).toEqual(head(20))
    })
  })
}
