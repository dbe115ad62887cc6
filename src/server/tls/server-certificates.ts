import type { KeyObject } from 'node:crypto'

/** A TLS certificate of this server and the use of its key. */
export interface ServerCertificate {
  readonly key: KeyObject
  /** PEM: the leaf, then its issuers upwards; the trust anchor is not sent. */
  readonly chainPem: string
}

/** The server's certificates as they are now; they change while listeners are open. */
export interface ServerCertificates {
  /**
   * The certificate for a name asked for by SNI; without a name, the default. Undefined refuses the
   * handshake. The same object until it is replaced: what is derived from it is kept by identity.
   */
  current(serverName: string | undefined): ServerCertificate | undefined
  /** Calls `listener` after a replacement, until the returned function is called. */
  onChange(listener: () => void): () => void
}

/** Certificates by server name, replaced all at once. The first is the default. */
export class HeldCertificates implements ServerCertificates {
  private byName: ReadonlyMap<string, ServerCertificate>
  private readonly listeners = new Set<() => void>()

  constructor(byName: ReadonlyMap<string, ServerCertificate>) {
    this.byName = byName
  }

  current(serverName: string | undefined): ServerCertificate | undefined {
    if (serverName !== undefined) return this.byName.get(serverName.toLowerCase())
    const [first] = this.byName.values()
    return first
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  replace(byName: ReadonlyMap<string, ServerCertificate>): void {
    this.byName = byName
    for (const listener of this.listeners) listener()
  }
}
