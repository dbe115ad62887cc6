import { beforeEach, describe, expect, it } from '@jest/globals'
import { certificateDer } from '../../src/core/der.js'
import { plus, seconds, toIso, type UnixSeconds } from '../../src/core/time.js'
import { type Inspection, inspectCertificate } from '../../src/issuance/inspect.js'
import type { LedgerEntry } from '../../src/issuance/ports.js'
import type { Entry } from '../../src/namespace/entry.js'
import type { IndexState } from '../../src/namespace/state.js'
import { valueOf } from '../ca/given-authorities.js'
import { T0 } from '../support/fake-clock.js'
import { api, Issued, web } from './given-issued.js'

let given: Issued
let leaf: LedgerEntry
beforeEach(async () => {
  given = await Issued.open()
  leaf = await given.recorded()
})

const active = { uid: web, state: 'active' } as Entry

async function inspect(
  { certificate }: Pick<LedgerEntry, 'certificate'> = leaf,
  now: UnixSeconds = T0,
  entry = active,
): Promise<Inspection> {
  const state = { entries: new Map([[entry.uid, entry]]) } as unknown as IndexState
  const { verifyOurs, ledger } = given
  const deps = { verifyOurs, ledger, index: { state } }
  return valueOf(await inspectCertificate(deps, certificate, now))
}

describe('inspectCertificate', () => {
  it('says everything of a certificate that is live', async () => {
    const { row, ...found } = await inspect()
    expect(row).toMatchObject({ serial: leaf.serial, entry: web })
    expect(found).toEqual({
      names: ['web.example'],
      serial: leaf.serial,
      issuedByUs: true,
      matchesLedger: true,
      entry: active,
      live: true,
      verdict: 'live: issued to an active entry, as the ledger shows',
      identity: '{"alias":"web"}',
    })
  })

  it('is live from its first second through its last', async () => {
    const { notBefore, notAfter } = leaf
    const [before, after] = [plus(notBefore, seconds(-1)), plus(notAfter, seconds(1))]
    for (const at of [notBefore, notAfter]) {
      const verdict = expect.stringMatching(/^live: /)
      expect(await inspect(leaf, at)).toMatchObject({ live: true, verdict })
    }
    expect(await inspect(leaf, before)).toMatchObject({
      live: false,
      verdict: `allowed, but not valid before ${toIso(notBefore)}`,
    })
    expect(await inspect(leaf, after)).toMatchObject({
      live: false,
      verdict: `was allowed; expired ${toIso(notAfter)}`,
    })
  })

  it('knows a stranger, and nothing else of it', async () => {
    const stranger = await (await Issued.open()).recorded()
    expect(await inspect(stranger)).toMatchObject({
      ...{ issuedByUs: false, row: undefined, matchesLedger: false, live: false },
      ...{ entry: undefined, verdict: 'not issued by this CA' },
    })
  })

  it('takes a certificate without names', async () => {
    const { anchor } = given.hierarchy
    expect((await inspect({ certificate: anchor })).names).toStrictEqual([])
  })

  it('is alarmed by what we signed and did not record, or recorded otherwise', async () => {
    const unknown = await given.signed()
    expect(await inspect(unknown)).toMatchObject({
      ...{ issuedByUs: true, row: undefined, matchesLedger: false, live: false },
      verdict: expect.stringMatching(/does not hold it: take this seriously/),
    })
    const [one, two] = [await given.signed(), await given.signed()]
    await given.ledger.append({ ...one, certificate: two.certificate }, [])
    expect(await inspect(one)).toMatchObject({
      ...{ issuedByUs: true, row: { serial: one.serial }, matchesLedger: false, live: false },
      verdict: expect.stringMatching(/another certificate of this serial: take this seriously/),
    })
  })

  it('says when and why it was revoked', async () => {
    await given.ledger.revoke([leaf.serial], { at: T0, reason: 'keyCompromise' })
    expect(await inspect()).toMatchObject({
      live: false,
      verdict: `revoked ${toIso(T0)} (keyCompromise)`,
    })
  })

  it("knows the server's own certificate", async () => {
    const own = await given.recorded({ entry: null })
    expect(await inspect(own)).toMatchObject({
      ...{ live: true, entry: undefined },
      verdict: 'live: the certificate of this server itself',
    })
  })

  it.each<{ state: string; entry: Entry }>([
    { state: 'suspended', entry: { ...active, state: 'suspended' } },
    { state: 'gone', entry: { ...active, uid: api } },
  ])('says that its entry is $state', async ({ state, entry }) => {
    const { live, verdict } = await inspect(leaf, T0, entry)
    const until = toIso(leaf.notAfter)
    expect({ live, verdict }).toEqual({
      live: true,
      verdict: `live until ${until}, though its entry is ${state} now: revoke it if that is too long`,
    })
  })

  it('refuses what is no certificate', async () => {
    await expect(inspect({ certificate: certificateDer(Uint8Array.of(5, 0)) })).rejects.toThrow(
      'ca.certificate-malformed',
    )
  })
})
