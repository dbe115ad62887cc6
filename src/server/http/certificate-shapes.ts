import type { Instant, JsonObject } from './shapes.js'

export interface CertificateJson {
  readonly serial: string
  readonly alias: string
  /** Null for the CA's own TLS certificates. */
  readonly uid: string | null
  readonly issuer: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly issuedAt: Instant
  readonly live: boolean
  readonly revocation?: { readonly at: Instant; readonly reason: string }
  /** The attested facts. */
  readonly evidence: JsonObject
  readonly requestId: string
  readonly parentSerial?: string
  /** Of the DER certificate, hex. */
  readonly sha256: string
}

export interface CertificateWithPemJson extends CertificateJson {
  readonly pem: string
}

export interface InspectionJson {
  readonly names: readonly string[]
  readonly serial: string
  readonly issuedByUs: boolean
  readonly inLedger: boolean
  readonly matchesLedger: boolean
  readonly revoked: boolean
  readonly entry: { readonly uid: string; readonly alias: string; readonly stateNow: string } | null
  readonly evidence: JsonObject | null
  readonly binding: string | null
  readonly live: boolean
  /** One sentence. */
  readonly verdict: string
  /** The identity extension, where there is one. */
  readonly identity?: JsonObject
}
