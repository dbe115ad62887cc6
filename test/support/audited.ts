import { createHash, createPublicKey, verify } from 'node:crypto'

/** What an auditor of a log does with octets: shares no code with what wrote them. */

/* eslint-disable @typescript-eslint/restrict-plus-operands, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument -- it must not lean on the types of what it audits */
export type Any = any

export const sha256 = (...parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

export const insist = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`the auditor found: ${what}`)
}

export function pae(envelope: Any): Buffer {
  const payload = Buffer.from(envelope.payload, 'base64')
  const type = Buffer.from(envelope.payloadType)
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ])
}

export const read = (octets: Uint8Array): Any => JSON.parse(Buffer.from(octets).toString('utf8'))

/** Of each envelope, which keys have signed it: it is asked again with every vote that follows. */
const judged = new WeakMap<object, Map<string, boolean>>()

export function signedBy(envelope: Any, keys: readonly Any[]): boolean {
  const known = judged.get(envelope) ?? new Map<string, boolean>()
  judged.set(envelope, known)
  return keys.some((key) => {
    const print: string = JSON.stringify(key.jwk)
    const holds = known.get(print) ?? isSignature(envelope, key)
    known.set(print, holds)
    return holds
  })
}

function isSignature(envelope: Any, key: Any): boolean {
  const signature = Buffer.from(envelope.signatures[0].sig, 'base64')
  const publicKey = createPublicKey({ key: key.jwk, format: 'jwk' })
  return key.alg === 'ES256'
    ? verify('sha256', pae(envelope), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
    : verify(null, pae(envelope), publicKey, signature)
}

export const printsOf = (voter: Any): readonly string[] =>
  voter.keys.map(({ thumbprint }: Any) => thumbprint)

export const weightOf = (group: Any): number =>
  group.voters
    .filter(({ status }: Any) => status === 'active')
    .reduce((sum: number, { weight }: Any) => sum + weight, 0)
/* eslint-enable @typescript-eslint/restrict-plus-operands, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument -- the end of the file */
