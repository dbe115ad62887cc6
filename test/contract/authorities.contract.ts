import { describe, expect, it } from '@jest/globals'
import { certificateDer } from '../../src/core/der.js'
import { anyBytes, authority, type OpenStore, plain } from './given-store.js'

/** What every `AuthorityStore` keeps to. */
export function authoritiesContract(name: string, open: OpenStore): void {
  const byId = (records: readonly { readonly id: string }[]): unknown =>
    plain([...records].sort((a, b) => (a.id < b.id ? -1 : 1)))

  describe(`AuthorityStore: ${name}`, () => {
    it('is empty at first, and takes nothing at all', async () => {
      const { store } = await open()
      await store.authorities.put([])
      expect(await store.authorities.list()).toEqual([])
    })

    it('brings back every record as it was, also after reopening', async () => {
      const { store, reopen } = await open()
      const { keyRef: _, ...offline } = authority({ role: 'trust-anchor', parents: [] })
      const records = [
        offline,
        authority({ role: 'intermediate', state: 'retired' }),
        authority({ keyRef: 'issuer-2' }),
      ]
      await store.authorities.put(records)
      expect(byId(await store.authorities.list())).toEqual(byId(records))
      const listed = await (await reopen()).authorities.list()
      expect(byId(listed)).toEqual(byId(records))
      // Absent, not undefined: whoever spreads the record keeps it absent.
      expect(listed.find(({ id }) => id === offline.id)).not.toHaveProperty('keyRef')
    })

    it('adds to what is there, and replaces an id that exists, key and all', async () => {
      const { store } = await open()
      const [first, second] = [authority(), authority()]
      await store.authorities.put([first])
      await store.authorities.put([second])
      const { keyRef: _, ...rest } = first
      const changed = {
        ...rest,
        role: 'intermediate' as const,
        certificate: certificateDer(anyBytes()),
        parents: ['another'],
        state: 'retired' as const,
      }
      await store.authorities.put([changed])
      expect(byId(await store.authorities.list())).toEqual(byId([changed, second]))
    })
  })
}
