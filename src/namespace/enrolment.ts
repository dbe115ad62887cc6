import { canonicalize } from '../core/canonical-json.js'
import { isSignatureOf, payloadTypes, preAuthEncoding } from './dsse.js'
import type { VoterKey } from './voter-key.js'

/** What a key is enrolled for: to vote or propose, to recover, or to use emergency grants. */
export type EnrolledRole = 'voter' | 'recovery' | 'emergency'

/** What a key signs before it may sign for somebody: that its holder wants to, in this index. */
export interface Enrolment {
  /** Index id, hex. */
  readonly index: string
  /** Whom it signs for. */
  readonly voter: string
  readonly controller: string
  /** RFC 7638, of the key itself. */
  readonly thumbprint: string
  /** A voter where it is left out. */
  readonly role?: EnrolledRole
}

/**
 * The octets that the key signs: DSSE pre-authentication encoding of the enrolment in canonical JSON.
 * Without this proof of possession somebody could list another person's key as their own, and have
 * that person's votes counted for them.
 */
export function enrolmentBytes({
  index,
  voter,
  controller,
  thumbprint,
  role,
}: Enrolment): Uint8Array {
  // Who wants to vote has not said that they want to replace everybody, nor the other way round.
  const statement = canonicalize({
    controller,
    index,
    ...(role !== undefined && role !== 'voter' && { role }),
    thumbprint,
    v: 1,
    voter,
  })
  return preAuthEncoding(payloadTypes.enrolment, Buffer.from(statement, 'utf8'))
}

/** Did the key's holder agree to sign for this voter in this index? */
export function isEnrolled(key: VoterKey, who: Omit<Enrolment, 'thumbprint'>): boolean {
  if (key.proof === undefined) return false
  const signature = Buffer.from(key.proof, 'base64url')
  if (signature.toString('base64url') !== key.proof) return false
  return isSignatureOf(key, enrolmentBytes({ ...who, thumbprint: key.thumbprint }), signature)
}
