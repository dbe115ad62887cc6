import type { Seconds } from '../core/time.js'

/** Where to listen: a literal IP address (or `localhost`) and a port. */
export interface ListenAddress {
  readonly host: string
  /** 0 lets the kernel choose. */
  readonly port: number
}

/** Where the key that seals the other keys comes from. Never the key itself. */
export type KekSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'passphrase-file'; readonly path: string }
  | { readonly kind: 'passphrase-env'; readonly name: string }

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export const logFormats = ['json', 'pretty'] as const
export type LogFormat = (typeof logFormats)[number]

/** Everything an operator may decide. Paths are absolute, lengths of time in seconds. */
export interface Config {
  readonly dataDir: string
  readonly keys: { readonly kek: KekSource }
  readonly server: {
    /** Processes that serve the network; 1: the main process does it itself. */
    readonly workers: number
    readonly linkerd: {
      readonly listen: ListenAddress | 'off'
      /** Port of the plain-text (h2c) listener on 127.0.0.1. */
      readonly loopback: number | 'off'
    }
    readonly http: {
      readonly listen: ListenAddress | 'off'
      /** DNS names and IP addresses that the server's own certificate is for. */
      readonly names: readonly string[]
      readonly rateLimit: {
        /** Sustained requests per minute and client. */
        readonly perMinute: number
        /** Requests that may come at once. */
        readonly burst: number
      }
    }
    /** Plain HTTP for `/live`, `/ready` and `/metrics`. */
    readonly admin: { readonly listen: ListenAddress | 'off' }
    /** Path of the operators' Unix socket. */
    readonly socket: string
  }
  readonly issuance: {
    /** How long the ledger keeps a certificate after it expired. */
    readonly ledgerRetention: Seconds
    /** How often expired rows are looked for. */
    readonly pruneInterval: Seconds
    /** `nextUpdate - thisUpdate` of a CRL. */
    readonly crlLifetime: Seconds
  }
  readonly tokenReview: {
    /** Reviews in flight per cluster. */
    readonly concurrency: number
    /** Reviews that may wait per cluster; the next one is refused as throttled. */
    readonly queue: number
    readonly timeoutMs: number
  }
  /** Who cosigns the checkpoints of the logs. */
  readonly witnesses: {
    /** Path of a C2SP tlog-policy; absent: nobody is asked. */
    readonly policy?: string
    /** For one answer of a witness. */
    readonly timeout: Seconds
    /** How old a cosignature of the latest checkpoint gets before a newer one is asked for. */
    readonly refresh: Seconds
  }
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
}
