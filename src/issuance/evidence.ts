import type { Alias } from '../core/alias.js'
import type { CertificateDer } from '../core/der.js'

/**
 * What a requester shows. Parsed is not authorised: each kind has one attestor, and every switch
 * over `kind` is exhaustive.
 */
export type Evidence =
  | {
      readonly kind: 'kubernetes'
      /** A service account token in compact JWS form. */
      readonly token: string
      /** Narrows the choice of cluster; it never widens it. */
      readonly cluster?: Alias
    }
  | { readonly kind: 'join-token'; readonly token: string }
  | {
      readonly kind: 'renewal'
      /** The client certificate of the TLS connection: possession of its key is proved by TLS. */
      readonly certificate: CertificateDer
    }
