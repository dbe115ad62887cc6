import type { UnixSeconds } from '../../core/time.js'
import type { TokenKey } from '../../namespace/ports.js'
import { type VoterAlgorithm, type VoterKey, voterKeyOf } from '../../namespace/voter-key.js'
import { type Outcome, refused } from '../problem.js'

/** A voter's private key, opened: out of a file, or on a token. */
export interface OpenedKey {
  readonly alg: VoterAlgorithm
  /** As a group lists it, without a proof. */
  publicKey(from: UnixSeconds): Outcome<VoterKey>
  /** 64 octets. A token may not answer: rejects with `DependencyError`. */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** One on a token. */
export const keyOnToken = (key: TokenKey): OpenedKey => ({
  alg: key.jwk.kty === 'OKP' ? 'Ed25519' : 'ES256',
  publicKey(from) {
    const voterKey = voterKeyOf(key.jwk, from)
    return voterKey ? { ok: true, value: voterKey } : notForVoting('the token')
  },
  sign: (bytes) => key.sign(bytes),
})

export const notForVoting = (found: string): Outcome<never> =>
  refused({
    code: 'keys.malformed',
    detail: 'a voter does not sign with such a key',
    wanted: 'Ed25519, or ECDSA over P-256',
    found,
  })
