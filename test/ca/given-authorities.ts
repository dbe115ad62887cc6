import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createIssuer, createTrustAnchor } from '../../src/ca/hierarchy.js'
import { type Issuer, openIssuer } from '../../src/ca/issuer.js'
import type { Signer } from '../../src/ca/ports.js'
import type { CertificateDer, SpkiDer } from '../../src/core/der.js'
import type { Result } from '../../src/core/result.js'
import { serialFromRandom } from '../../src/core/serial.js'
import type { Seconds, UnixSeconds } from '../../src/core/time.js'
import { loadKey } from '../../src/keys/key-signer.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'

export type TestKey = 'P-256' | 'P-384' | 'Ed25519' | 'RSA-3072'

const random = countedRandom('authorities')
export const nextSerial = (): ReturnType<typeof serialFromRandom> => serialFromRandom(random(16))

export function keyPair(kind: TestKey): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (kind) {
    case 'P-256':
    case 'P-384':
      return generateKeyPairSync('ec', { namedCurve: kind })
    case 'Ed25519':
      return generateKeyPairSync('ed25519')
    case 'RSA-3072':
      return generateKeyPairSync('rsa', { modulusLength: 3072 })
  }
}

export const pkcs8Of = (key: KeyObject): Uint8Array => key.export({ format: 'der', type: 'pkcs8' })

export const spkiOf = (key: KeyObject): SpkiDer =>
  Uint8Array.from(key.export({ format: 'der', type: 'spki' })) as SpkiDer

export const newSpki = (kind: TestKey): SpkiDer => spkiOf(keyPair(kind).publicKey)

export function newSigner(kind: TestKey = 'P-256'): Signer {
  const key = loadKey(pkcs8Of(keyPair(kind).privateKey))
  if (!key) throw new Error('the key does not load')
  return key.signer
}

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`)
  return result.value
}

export interface TestHierarchy {
  readonly anchor: CertificateDer
  readonly anchorSigner: Signer
  readonly certificate: CertificateDer
  readonly signer: Signer
  readonly issuer: Issuer
}

/** A trust anchor and an issuer under it, by the code under test. */
export async function givenHierarchy(
  given: {
    readonly anchorKey?: TestKey
    readonly issuerKey?: TestKey
    readonly now?: UnixSeconds
    readonly anchorLifetime?: Seconds
    readonly issuerLifetime?: Seconds
    readonly dnsConstraints?: readonly string[]
  } = {},
): Promise<TestHierarchy> {
  const { now = T0, anchorKey = 'P-256', issuerKey = 'P-256', dnsConstraints = [] } = given
  const anchorSigner = newSigner(anchorKey)
  const signer = newSigner(issuerKey)
  const anchor = await createTrustAnchor({
    signer: anchorSigner,
    serial: nextSerial(),
    commonName: 'Test trust anchor',
    now,
    ...(given.anchorLifetime === undefined ? {} : { lifetime: given.anchorLifetime }),
  })
  const certificate = await createIssuer({
    superior: { certificate: anchor, signer: anchorSigner },
    serial: nextSerial(),
    spki: signer.spki,
    commonName: 'Test issuer',
    now,
    dnsConstraints,
    ...(given.issuerLifetime === undefined ? {} : { lifetime: given.issuerLifetime }),
  })
  const issuer = valueOf(openIssuer([certificate, anchor], signer))
  return { anchor, anchorSigner, certificate, signer, issuer }
}
