import { beforeEach, describe, expect, it } from '@jest/globals'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import type { KeyVault } from '../../src/ca/ports.js'
import { describeName } from '../../src/ca/x509/distinguished-name.js'
import { certificateDer } from '../../src/core/der.js'
import { days, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import { Authority, chainOf } from '../../src/issuance/authority.js'
import { foundAuthority } from '../../src/issuance/found-authority.js'
import { valueOf } from '../ca/given-authorities.js'
import { freshFolder, vaultIn } from '../keys/given-keys.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'
import { countedRandom } from '../support/random.js'

let vault: KeyVault
let store: MemoryStore
beforeEach(async () => {
  vault = await vaultIn(freshFolder())
  store = new MemoryStore()
})

const random = countedRandom('authority')
const depsAt = (now: UnixSeconds = T0) => ({ vault, random, now, name: 'Acme' })
const open = async (): Promise<Authority> => valueOf(await Authority.open(store.authorities, vault))

describe('Authority', () => {
  it('signs with the newest issuer that is valid, and shows them all', async () => {
    const old = await foundAuthority(depsAt(T0))
    const next = await foundAuthority(depsAt(plus(T0, days(30))))
    await store.authorities.put([...old, ...next])
    const authority = await open()
    const signing = (now: number): unknown => {
      const issuer = authority.issuer(plus(T0, seconds(now)))
      return issuer.ok ? issuer.value.id : issuer.refusal.code
    }
    const [begins, ends] = [days(30) - 120, days(90)]
    expect(signing(-121)).toBe('ca.expired')
    expect(signing(-120)).toBe(old[0]?.id)
    expect(signing(begins - 1)).toBe(old[0]?.id)
    expect(signing(begins)).toBe(next[0]?.id)
    expect(signing(ends)).toBe(next[0]?.id)
    expect(signing(days(120) - 2)).toBe(next[0]?.id)
    // The last second itself is left out: nothing could be signed that is valid after it.
    expect(signing(days(120) - 1)).toBe('ca.expired')
    expect(authority.issuers.map(({ id }) => id)).toEqual([old[0]?.id, next[0]?.id])
    expect(authority.trustAnchors.map(({ id }) => id)).toEqual([old[1]?.id, next[1]?.id])
    expect(authority.all).toHaveLength(4)
    expect(authority.pinned.map(({ id }) => id)).toEqual([old[0]?.id, next[0]?.id])
    expect(authority.all[0]).toMatchObject({
      role: 'issuer',
      subject: describeName(valueOf(certificateFacts(old[0]!.certificate)).subject),
    })
  })

  it('says what to do when the newest is not valid', async () => {
    await store.authorities.put(await foundAuthority(depsAt()))
    const authority = await open()
    const early = authority.issuer(plus(T0, seconds(-121)))
    expect(early).toMatchObject({ refusal: { code: 'ca.expired', next: 'set the clock' } })
    const late = authority.issuer(plus(T0, days(91)))
    expect(late).toMatchObject({ refusal: { code: 'ca.expired', next: 'capstan status' } })
  })

  it('has no issuer without a key that is here, or one that is retired', async () => {
    const [issuer, anchor] = await foundAuthority(depsAt())
    const { keyRef, ...keyless } = issuer!
    expect(keyRef).toBeDefined()
    const cases = [
      [anchor!],
      [keyless, anchor!],
      [{ ...issuer!, state: 'retired' as const }, anchor!],
    ]
    for (const records of [...cases, [{ ...issuer!, keyRef: '0123456789abcdef' }, anchor!]]) {
      store = new MemoryStore()
      await store.authorities.put(records)
      const authority = await open()
      expect(authority.issuer(T0)).toMatchObject({ refusal: { code: 'ca.no-issuer' } })
      expect(authority.crlSigner(issuer!.id)).toBeUndefined()
      expect(authority.pinned).toHaveLength(records.length - 1)
    }
  })

  it('does not open over a chain that does not hold, or a key of another issuer', async () => {
    const [one, two] = [await foundAuthority(depsAt()), await foundAuthority(depsAt())]
    for (const state of ['active', 'retired'] as const) {
      await store.authorities.put([{ ...one[0]!, state, parents: [two[1]!.id] }, two[1]!])
      expect(await Authority.open(store.authorities, vault)).toMatchObject({
        refusal: { code: 'ca.bad-hierarchy' },
      })
    }
    store = new MemoryStore()
    await store.authorities.put([{ ...one[0]!, keyRef: two[0]!.keyRef! }, one[1]!])
    expect(await Authority.open(store.authorities, vault)).toMatchObject({
      refusal: { code: 'ca.key-missing' },
    })
  })

  it('signs CRLs with the key of the issuer asked for', async () => {
    const [one, two] = [await foundAuthority(depsAt()), await foundAuthority(depsAt())]
    await store.authorities.put([...one, ...two])
    const authority = await open()
    for (const [issuer] of [one, two]) {
      const found = authority.crlSigner(issuer!.id)
      expect(found?.certificate).toEqual(issuer!.certificate)
      expect(found?.signer.spki).toEqual((await vault.open(issuer!.keyRef!))?.spki)
    }
  })

  it('counts every coming and going of a trust anchor', async () => {
    const [, anchor] = await foundAuthority(depsAt())
    const [issuer, other] = await foundAuthority(depsAt())
    const sequence = async (): Promise<number> => (await open()).bundleSequence
    expect(await sequence()).toBe(0)
    await store.authorities.put([anchor!])
    expect(await sequence()).toBe(1)
    await store.authorities.put([issuer!, other!])
    expect(await sequence()).toBe(2)
    await store.authorities.put([{ ...anchor!, state: 'retired' }])
    expect(await sequence()).toBe(3)
    expect((await open()).trustAnchors.map(({ id }) => id)).toEqual([other!.id])
  })

  it('shows nothing of what is no certificate', async () => {
    const [issuer, anchor] = await foundAuthority(depsAt())
    const broken = { ...anchor!, id: 'broken', certificate: certificateDer(Uint8Array.of(5, 0)) }
    await store.authorities.put([issuer!, anchor!, broken])
    expect((await open()).all.map(({ id }) => id)).toStrictEqual([issuer!.id, anchor!.id])
  })

  it('leaves out of a chain what is not known', async () => {
    const [issuer, anchor] = await foundAuthority(depsAt())
    const record = { ...issuer!, parents: ['unknown', anchor!.id] }
    expect(chainOf(record, [record, anchor!])).toEqual([issuer!.certificate, anchor!.certificate])
  })
})
