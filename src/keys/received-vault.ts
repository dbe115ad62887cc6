import type { KeyRef, KeyVault } from '../ca/ports.js'
import { DependencyError } from '../core/dependency-error.js'
import { loadKey } from './key-signer.js'

/** Unsealed private keys on their way from one process of this program to another: PKCS#8 DER. */
export type UnsealedKeys = ReadonlyMap<KeyRef, Uint8Array>

/**
 * The keys that another process has unsealed, for use alone: none is made here, and none is kept
 * at rest. The octets are wiped once they are loaded.
 */
export function receivedVault(keys: UnsealedKeys): KeyVault {
  const signers = new Map(
    [...keys].map(([ref, pkcs8]) => {
      const key = loadKey(pkcs8)
      pkcs8.fill(0)
      if (!key) throw new DependencyError('keys', `the key ${ref} was not received whole`)
      return [ref, key.signer]
    }),
  )
  const keptElsewhere = (): never => {
    throw new DependencyError('keys', 'only the main process keeps keys')
  }
  return {
    open: (ref) => Promise.resolve(signers.get(ref)),
    create: keptElsewhere,
    adopt: keptElsewhere,
  }
}
