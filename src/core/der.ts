import type { Brand } from './brand.js'

/** A PKCS#10 CertificationRequest (RFC 2986), as received. */
export type CsrDer = Brand<Uint8Array, 'CsrDer'>

/** An X.509 Certificate (RFC 5280 section 4.1). */
export type CertificateDer = Brand<Uint8Array, 'CertificateDer'>

/** A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), checked and minimal. */
export type SpkiDer = Brand<Uint8Array, 'SpkiDer'>

export const csrDer = (bytes: Uint8Array): CsrDer => bytes as CsrDer
export const certificateDer = (bytes: Uint8Array): CertificateDer => bytes as CertificateDer
