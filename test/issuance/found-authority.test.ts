import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { readdirSync } from 'node:fs'
import {
  BasicConstraintsExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { createIssuer, createTrustAnchor, crossSign } from '../../src/ca/hierarchy.js'
import type { AuthorityRecord, KeyVault, Signer } from '../../src/ca/ports.js'
import { describeName } from '../../src/ca/x509/distinguished-name.js'
import { certificateDer, type CertificateDer } from '../../src/core/der.js'
import { days, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import { Authority } from '../../src/issuance/authority.js'
import {
  adoptAuthority,
  type BroughtHierarchy,
  foundAuthority,
} from '../../src/issuance/found-authority.js'
import { loadKey } from '../../src/keys/key-signer.js'
import { givenHierarchy, keyPair, nextSerial, pkcs8Of, valueOf } from '../ca/given-authorities.js'
import { freshFolder, SealedFile, vaultIn } from '../keys/given-keys.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'
import { countedRandom } from '../support/random.js'

let folder: string
let vault: KeyVault
beforeEach(async () => {
  folder = freshFolder()
  vault = await vaultIn(folder)
})

const random = countedRandom('found')
const depsAt = (now: UnixSeconds = T0) => ({ vault, random, now, name: 'Acme' })
const subjectOf = (der: CertificateDer): string =>
  describeName(valueOf(certificateFacts(der)).subject)

/** What the sealed key of a record says that it is for. */
const labelOf = (record: AuthorityRecord | undefined): unknown =>
  new SealedFile(folder, record?.keyRef ?? '').read()['label']

interface Root {
  readonly certificate: CertificateDer
  readonly pkcs8: Uint8Array
  readonly signer: Signer
}

async function givenRoot(): Promise<Root> {
  const pkcs8 = pkcs8Of(keyPair('P-256').privateKey)
  const { signer } = loadKey(pkcs8)!
  const given = { signer, serial: nextSerial(), commonName: 'Root', now: T0 }
  return { certificate: await createTrustAnchor(given), pkcs8, signer }
}

describe('foundAuthority', () => {
  it('makes a trust anchor and an issuer under it, whose keys are in the vault', async () => {
    const [issuer, anchor] = await foundAuthority(depsAt())
    expect(issuer).toMatchObject({ role: 'issuer', parents: [anchor?.id], state: 'active' })
    expect(anchor).toMatchObject({ role: 'trust-anchor', parents: [], state: 'active' })
    expect(subjectOf(issuer!.certificate)).toBe(`CN=Acme issuer ${issuer!.id}`)
    expect(subjectOf(anchor!.certificate)).toBe(`CN=Acme root ${anchor!.id}`)
    for (const record of [issuer, anchor]) {
      const { spki } = valueOf(certificateFacts(record!.certificate))
      expect((await vault.open(record!.keyRef!))?.spki).toEqual(Buffer.from(spki))
    }
    expect([issuer, anchor].map(labelOf)).toEqual(['issuer', 'trust anchor'])
  })
})

describe('adoptAuthority', () => {
  const adopt = (brought: BroughtHierarchy, now: UnixSeconds = T0) =>
    adoptAuthority(depsAt(now), brought)

  it('makes an issuer under a trust anchor that comes with its key', async () => {
    const { certificate, pkcs8 } = await givenRoot()
    const brought = { kind: 'root', trustAnchor: certificate, trustAnchorKey: pkcs8 } as const
    const records = valueOf(await adopt(brought))
    expect(records.map(({ role, state }) => [role, state])).toEqual([
      ['issuer', 'active'],
      ['trust-anchor', 'active'],
    ])
    expect(records[1]?.certificate).toEqual(certificate)
    expect(records[0]?.parents).toEqual([records[1]?.id])
    expect(records.map(labelOf)).toEqual(['issuer', 'trust anchor'])
    const { authorities } = new MemoryStore()
    await authorities.put(records)
    expect(valueOf(await Authority.open(authorities, vault)).issuer(T0).ok).toBe(true)
  })

  it('takes an issuer with all above it, and the key of the issuer alone', async () => {
    const [above, root] = [await givenHierarchy(), await givenRoot()]
    const bridge = await crossSign({
      superior: { certificate: above.anchor, signer: above.anchorSigner },
      ...{ certificate: root.certificate, serial: nextSerial(), now: T0 },
    })
    const pkcs8 = pkcs8Of(keyPair('P-256').privateKey)
    const { spki } = loadKey(pkcs8)!.signer
    const certificates = [
      await issuerFor(spki, root.certificate, root.signer),
      bridge,
      above.anchor,
    ]
    const other = pkcs8Of(keyPair('P-256').privateKey)
    expect((await adopt({ kind: 'issuer', certificates, issuerKey: other })).ok).toBe(false)
    expect(readdirSync(folder)).toEqual([])

    const records = valueOf(await adopt({ kind: 'issuer', certificates, issuerKey: pkcs8 }))
    const [issuer, intermediate, anchor] = records
    expect(records.map(({ role, keyRef }) => [role, keyRef !== undefined])).toEqual([
      ['issuer', true],
      ['intermediate', false],
      ['trust-anchor', false],
    ])
    expect(records.map(({ certificate }) => certificate)).toEqual(certificates)
    expect(issuer?.parents).toEqual([intermediate?.id, anchor?.id])
    expect(intermediate?.parents).toEqual([anchor?.id])
    expect((await vault.open(issuer!.keyRef!))?.spki).toEqual(spki)
    expect(labelOf(issuer)).toBe('issuer')
  })

  it.each<{ when: string; brought: () => Promise<BroughtHierarchy>; at?: number }>([
    {
      when: 'the key is of another trust anchor',
      brought: async () => rootOf(await givenRoot(), (await givenRoot()).pkcs8),
    },
    {
      when: 'the trust anchor may have no CA below it',
      brought: async () => {
        const pkcs8 = pkcs8Of(keyPair('P-256').privateKey)
        const { spki } = loadKey(pkcs8)!.signer
        const { anchor, anchorSigner } = await givenHierarchy()
        const certificate = await issuerFor(spki, anchor, anchorSigner)
        return { kind: 'root', trustAnchor: certificate, trustAnchorKey: pkcs8 }
      },
    },
    {
      when: 'it says that it is no CA',
      brought: () => selfSigned(new BasicConstraintsExtension(false)),
    },
    {
      when: 'it does not say that it is a CA',
      brought: () => selfSigned(new KeyUsagesExtension(KeyUsageFlags.keyCertSign)),
    },
    { when: 'it is not valid yet', at: -121, brought: async () => rootOf(await givenRoot()) },
    {
      when: 'it has ended',
      at: days(3650),
      brought: async () => rootOf(await givenRoot()),
    },
  ])('refuses, and keeps nothing, when $when', async ({ brought, at = 0 }) => {
    const refused = await adopt(await brought(), plus(T0, seconds(at)))
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'ca.bad-hierarchy' } })
    expect(readdirSync(folder)).toEqual([])
  })

  it('refuses a trust anchor that may not sign certificates', async () => {
    const brought = await selfSigned(
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    )
    expect(await adopt(brought)).toMatchObject({ refusal: { code: 'ca.bad-hierarchy' } })
  })

  it('refuses what is no certificate', async () => {
    const { pkcs8 } = await givenRoot()
    const trustAnchor = certificateDer(Uint8Array.of(5, 0))
    expect(await adopt({ kind: 'root', trustAnchor, trustAnchorKey: pkcs8 })).toMatchObject({
      refusal: { code: 'ca.certificate-malformed' },
    })
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([-120, days(3650) - 1])('takes a trust anchor %d s from its making', async (at) => {
    const root = await givenRoot()
    expect((await adopt(rootOf(root), plus(T0, seconds(at)))).ok).toBe(true)
  })
})

const rootOf = (root: Root, key = root.pkcs8): BroughtHierarchy => ({
  kind: 'root',
  trustAnchor: root.certificate,
  trustAnchorKey: key,
})

/** A certificate of a day by its own key, as others make them. */
async function selfSigned(...extensions: readonly Extension[]): Promise<BroughtHierarchy> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { rawData } = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=Root', keys, signingAlgorithm: algorithm },
    ...{ notBefore: new Date(T0 * 1000), notAfter: new Date((T0 + days(1)) * 1000) },
    extensions: [...extensions],
  })
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  const trustAnchor = certificateDer(new Uint8Array(rawData))
  return { kind: 'root', trustAnchor, trustAnchorKey: new Uint8Array(pkcs8) }
}

async function issuerFor(
  spki: Uint8Array,
  certificate: CertificateDer,
  signer: Signer,
): Promise<CertificateDer> {
  const given = { serial: nextSerial(), spki, commonName: 'x', now: T0 }
  return createIssuer({ superior: { certificate, signer }, ...given })
}
