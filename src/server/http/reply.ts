/** An answer before it is written: whole, so that nothing half-made is ever sent. */
export interface Reply {
  readonly status: number
  /** Media type. */
  readonly type: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** For what is the same for ever under its path; otherwise the route's access says it. */
  readonly caching?: 'immutable'
}

export const JSON_TYPE = 'application/json'
export const PEM_BUNDLE_TYPE = 'application/x-pem-file'
export const PEM_CHAIN_TYPE = 'application/pem-certificate-chain'
export const CRL_TYPE = 'application/pkix-crl'
/** C2SP tlog-tiles. */
export const NOTE_TYPE = 'text/plain; charset=utf-8'
export const OCTETS_TYPE = 'application/octet-stream'
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export const json = (status: number, value: object): Reply => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(value),
})
