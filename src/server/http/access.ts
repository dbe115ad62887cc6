import type { CertificateDer } from '../../core/der.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { unreachable } from '../../core/unreachable.js'
import type { Operations } from '../operations.js'
import type { Access } from './route.js'

/** Where a request came in. `plain` serves health and metrics only. */
export type Channel = 'tls' | 'unix' | 'plain'

/** Who asks, where it is known: the alias of an entry. */
export interface Admitted {
  readonly entry?: string
}

/**
 * May this request have this route? What Node says of a client certificate (`authorized`,
 * `authorizationError`) is never looked at: it calls an expired certificate of any CA merely expired.
 */
export async function admit(
  access: Access,
  channel: Channel,
  peerCertificate: CertificateDer | undefined,
  operations: Pick<Operations, 'holderOf'>,
): Promise<Result<Admitted>> {
  if (channel === 'unix') return ok({})
  switch (access) {
    case 'public':
    case 'evidence':
      return ok({})
    case 'reader':
    case 'submitter': {
      if (!peerCertificate) {
        return refuse('request.unauthenticated', 'a client certificate is needed', {
          wanted: `mutual TLS as an entry with the ${access} capability, or the local Unix socket`,
        })
      }
      const holder = await operations.holderOf(peerCertificate, access)
      return holder.ok ? ok({ entry: holder.value.alias }) : holder
    }
    case 'operator':
      return refuse('request.forbidden', 'not over the network', {
        wanted: 'the local Unix socket',
        next: 'run the capstan command on the machine of the server',
      })
    default:
      return unreachable(access)
  }
}
