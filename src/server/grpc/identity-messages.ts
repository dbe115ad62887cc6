import type { UnixSeconds } from '../../core/time.js'
import { bytesField, bytesOf, readFields, stringOf, varintField } from './protobuf.js'

/** `io.linkerd.proxy.identity.CertifyRequest`, before anything in it is believed. */
export interface CertifyRequest {
  readonly identity: string
  readonly token: Uint8Array
  /** DER PKCS#10, whatever the comment in Linkerd's proto file says. */
  readonly csr: Uint8Array
}

/** Undefined when the octets are no such message. Absent fields are empty, as proto3 has it. */
export function readCertifyRequest(octets: Uint8Array): CertifyRequest | undefined {
  const fields = readFields(octets)
  if (!fields) return undefined
  const identity = stringOf(fields, 1)
  const token = bytesOf(fields, 2)
  const csr = bytesOf(fields, 3)
  if (identity === undefined || token === undefined || csr === undefined) return undefined
  return { identity, token, csr }
}

/** `io.linkerd.proxy.identity.CertifyResponse`: DER throughout, the leaf's issuer first. */
export function writeCertifyResponse(response: {
  readonly leaf: Uint8Array
  readonly intermediates: readonly Uint8Array[]
  readonly validUntil: UnixSeconds
}): Uint8Array {
  return Buffer.concat([
    bytesField(1, response.leaf),
    ...response.intermediates.map((certificate) => bytesField(2, certificate)),
    bytesField(3, varintField(1, response.validUntil)),
  ])
}
