/** Extensions (RFC 5280 section 4.2). */
export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const

/** Extended key usages (RFC 5280 section 4.2.1.12). */
export const usageOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
} as const

/** Attribute types of names (RFC 4519). */
export const attributeOids = {
  commonName: '2.5.4.3',
  /** `UID`, userid (RFC 4519 section 2.39). */
  userId: '0.9.2342.19200300.100.1.1',
} as const
