import { constants } from 'node:crypto'
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type Server,
  type TlsOptions,
} from 'node:tls'
import type { ServerCertificate, ServerCertificates } from './server-certificates.js'

export interface TlsPolicy {
  readonly certificates: ServerCertificates
  readonly minVersion: SecureVersion
  /**
   * The trust anchors that client certificates are verified against, as they are now. Only for
   * listeners with `requestCert`; they are also announced to clients, which choose by them. After a
   * change, `certificates` must announce one too: clients without SNI get the new list then.
   */
  readonly clientTrustAnchors?: () => readonly string[]
}

/** TLS settings for one server (`node:tls` or `node:https`) that follow certificates as they change. */
export interface SecureContextSource {
  /** For the constructor: protocol versions, no resumption, and the certificate by server name. */
  options(): TlsOptions
  /** Keeps what clients without SNI get up to date, until the returned function is called. */
  follow(server: Pick<Server, 'setSecureContext'>): () => void
}

export function secureContextSource(policy: TlsPolicy): SecureContextSource {
  const { certificates } = policy
  const anchorsNow = (): string => (policy.clientTrustAnchors?.() ?? []).join('\n')
  // Parsing key and chain costs as much as a signature: once for each certificate, not each handshake.
  const cached = new WeakMap<ServerCertificate, { anchors: string; context: SecureContext }>()

  const contextFor = (certificate: ServerCertificate): SecureContext => {
    const anchors = anchorsNow()
    const known = cached.get(certificate)
    if (known?.anchors === anchors) return known.context
    const context = createSecureContext(contextOptions(policy, certificate))
    cached.set(certificate, { anchors, context })
    return context
  }

  return {
    options: () => ({
      ...contextOptions(policy, certificates.current(undefined)),
      SNICallback: (serverName, done) => {
        const certificate = certificates.current(serverName)
        if (!certificate) {
          done(new Error('no certificate for the server name asked for'))
          return
        }
        try {
          done(null, contextFor(certificate))
        } catch (error) {
          done(error instanceof Error ? error : new Error('the certificate cannot be used'))
        }
      },
    }),
    follow: (server) =>
      certificates.onChange(() =>
        server.setSecureContext(contextOptions(policy, certificates.current(undefined))),
      ),
  }
}

function contextOptions(
  policy: TlsPolicy,
  certificate: ServerCertificate | undefined,
): SecureContextOptions {
  return {
    minVersion: policy.minVersion,
    maxVersion: 'TLSv1.3',
    // A resumed session would skip every check made since: no tickets, and Node keeps no session
    // cache of its own, so every connection is a full handshake.
    secureOptions: constants.SSL_OP_NO_TICKET,
    ...(certificate && {
      key: certificate.key.export({ type: 'pkcs8', format: 'pem' }),
      cert: certificate.chainPem,
    }),
    // Without a list, Node would take every public web CA for one.
    ca: [...(policy.clientTrustAnchors?.() ?? [])],
  }
}
