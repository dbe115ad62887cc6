import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { csr, type KeyPair, signatureOids, spkiOf } from '../csr/make-csr.js'

export const leafKeys = ['P-256', 'P-384', 'Ed25519', 'RSA-3072'] as const
export type LeafKey = (typeof leafKeys)[number]

/** A workload's key and its CSR: one for each kind, because workloads keep both for ever. */
export function leafKey(kind: LeafKey): {
  readonly privateKey: KeyObject
  readonly csr: Uint8Array
} {
  const key = made.get(kind) ?? newKeyPair(kind)
  made.set(kind, key)
  const signed = csr({ spki: spkiOf(key) }, { key, algorithm: algorithms[kind] })
  return { privateKey: key.privateKey, csr: signed }
}

const made = new Map<LeafKey, KeyPair>()

const algorithms: Readonly<Record<LeafKey, string>> = {
  'P-256': signatureOids.sha256Ecdsa,
  'P-384': signatureOids.sha384Ecdsa,
  Ed25519: signatureOids.ed25519,
  'RSA-3072': signatureOids.sha256Rsa,
}

function newKeyPair(kind: LeafKey): KeyPair {
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
