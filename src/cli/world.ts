import type { Config, KekSource, ListenAddress, LogFormat } from '../config/config.js'
import type { Result } from '../core/result.js'
import type { Clock, RandomBytes } from '../core/time.js'
import type { StoredRecord, VoterTokens } from '../namespace/ports.js'
import type { Mirror } from '../mirror/mirror.js'
import type { VerifiedFolder } from '../mirror/verify-folder.js'
import type { Policy } from '../tlog/policy.js'
import type { SignedHead } from '../tlog/ports.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import type { LogName } from '../monitor/alarm.js'
import type { CheckpointRules } from '../monitor/judge-checkpoint.js'
import type { VerifiedLog } from '../monitor/verify-log-answer.js'
import type { Watch } from '../monitor/watch.js'
import type { VerifyOptions } from '../verify/verify-bundle.js'
import type { ExitCode } from './exit-code.js'

export interface TextSink {
  write(text: string): unknown
  readonly isTTY: boolean
  /** Width of the terminal; undefined when there is none. */
  readonly columns?: number
}

/** One call of the operators' API, as it goes over the wire. */
export interface OperatorRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** `/v1/entries/payments%2Fapi?x=y` */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** The Accept header; JSON unless said. */
  readonly accept?: string
  /** An answer that is not there by then is none, and a server that asks to wait is not asked again. */
  readonly withinMs?: number
}

export interface OperatorResponse {
  readonly status: number
  /** Media type without parameters, lower case. */
  readonly contentType: string
  readonly body: Uint8Array
}

/**
 * An operator's way in: the running server's Unix socket, or the same API in this process; or as much of
 * it as an entry has over mutual TLS.
 */
export interface OperatorConnection {
  /** Throws `DependencyError` when no answer comes. */
  request(request: OperatorRequest): Promise<OperatorResponse>
  close(): Promise<void>
}

/** What `capstan init` is asked for. Paths are absolute. */
export interface InitOptions {
  /** `keys.kek` and `dataDir` already say what the command line said. */
  readonly config: Config
  readonly trustDomain: string
  /** Who holds the local voter: `local:root`. */
  readonly controller: string
  /** Existing hierarchy, as PEM files; absent: a new one is made. */
  readonly rootCert?: string
  readonly rootKey?: string
  readonly issuerCert?: string
  readonly issuerKey?: string
  /** Opens the encrypted PKCS#8 files above. */
  readonly keyPassphraseFile?: string
}

/** What `capstan init` made. Times are ISO 8601 in UTC. */
export interface InitReport {
  readonly dataDir: string
  readonly trustDomain: string
  readonly indexId: string
  readonly trustAnchor: {
    readonly id: string
    readonly subject: string
    readonly notAfter: string
    /** SHA-256 of the certificate, hex: what clients pin. */
    readonly sha256: string
    readonly key: 'here' | 'offline'
  }
  readonly issuer: { readonly id: string; readonly subject: string; readonly notAfter: string }
  /** What the keys are sealed under: a path, or the name of a variable. */
  readonly sealedUnder: { readonly kind: KekSource['kind']; readonly where: string }
}

/** Where a witness is. Paths are absolute. */
export interface WitnessPlace {
  readonly folder: string
  readonly kek: KekSource
}

/** What `capstan witness init` made. */
export interface WitnessReport {
  readonly folder: string
  readonly name: string
  /** What verifies its cosignatures: a verifier key of type 4. */
  readonly key: string
  readonly sealedUnder: { readonly kind: KekSource['kind']; readonly where: string }
}

/** What `capstan witness serve` is asked for. */
export interface ServeWitnessOptions extends WitnessPlace {
  /** The keys of the logs that it knows. */
  readonly logs: readonly VerifierKey[]
  readonly listen: ListenAddress
  /** PEM files; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** `may-be-earlier`: a cosignature with a wrong, later time was made, and is no reason to stop. */
  readonly time: 'never-earlier' | 'may-be-earlier'
  readonly format: LogFormat
}

/** A Capstan on another machine, and which entry of it asks. */
export interface RemoteWay {
  readonly server: URL
  /** PEM: CA certificates to know it by, and who asks. Asked for each request. */
  readonly trust: () => Promise<{
    readonly ca: string
    readonly cert: string
    readonly key: string
  }>
}

/** How the logs of a Capstan are read. */
export type ReaderWay =
  { readonly kind: 'local'; readonly config: Config } | ({ readonly kind: 'remote' } & RemoteWay)

/** Which Capstan a monitor watches, and how. Paths are absolute. */
export interface WatchOptions {
  /** What it remembers is here; made where it is not. */
  readonly folder: string
  readonly way: ReaderWay
  /** What the logs must be signed by; otherwise what is remembered, or what the server says at first. */
  readonly keys: Partial<Readonly<Record<LogName, VerifierKey>>>
  readonly rules: Omit<CheckpointRules, 'key'>
  readonly progress: (progress: ShownProgress) => void
}

/** A monitor that is ready to look. */
export interface OpenWatch extends AsyncDisposable {
  readonly watch: Pick<Watch, 'look'>
  /** Verifier keys of the logs. */
  readonly keys: Readonly<Record<LogName, string>>
  /** `first`: what the server says is believed this once. */
  readonly known: 'pinned' | 'remembered' | 'first'
}

/** Which logs of which Capstan are mirrored, and where to. Paths are absolute. */
export interface MirrorOptions {
  /** Made where it is not; a folder for each log is in it. */
  readonly folder: string
  readonly way: ReaderWay
  readonly logs: readonly LogName[]
  /** What the logs must be signed by; otherwise what is remembered, or what the server says at first. */
  readonly keys: Partial<Readonly<Record<LogName, VerifierKey>>>
  readonly rules: Omit<CheckpointRules, 'key'>
  /** `anew`: what is there is gone over once too, and what is gone or damaged is copied again. */
  readonly from: 'anew' | 'where-it-is'
  readonly progress: (progress: ShownProgress) => void
}

/** A mirror that is ready to look. */
export interface OpenMirror extends AsyncDisposable, Pick<OpenWatch, 'known'> {
  readonly mirror: Pick<Mirror, 'look'>
  /** Verifier keys of the logs that are mirrored. */
  readonly keys: Readonly<Partial<Record<LogName, string>>>
}

/** What is verified of a mirror's folder, with nothing but the folder. */
export interface VerifyMirrorOptions extends Pick<MirrorOptions, 'folder' | 'keys' | 'progress'> {
  readonly policy: Policy
}

/** What was found in a mirror's folder, of each log that it has. */
export interface VerifiedMirror {
  readonly logs: Readonly<Partial<Record<LogName, VerifiedFolder & { readonly key: string }>>>
  /** `remembered`: by keys that are in the folder itself, of one log at least. */
  readonly known: 'pinned' | 'remembered'
}

/** What `capstan mirror serve` is asked for. The path is absolute. */
export interface ServeMirrorOptions {
  readonly folder: string
  readonly listen: ListenAddress
  readonly issuanceRecords: 'shown' | 'hidden'
  readonly format: LogFormat
}

/** The index log of a mirror's folder: what the key in the folder has signed, and nothing verified but that. */
export interface MirroredIndex {
  readonly head: SignedHead
  /** At most `limit` records from `from` on, some of them at least. Rejects with `DependencyError` where they are gone. */
  readonly records: (from: number, limit: number) => Promise<readonly StoredRecord[]>
}

/** An answer with its log, verified; what its log comes to is asked as a server is. */
export interface OpenLogAnswer extends AsyncDisposable {
  readonly proved: VerifiedLog
  readonly operator: OperatorConnection
}

/** How far something is that takes long. */
export interface ShownProgress {
  /** `make changes` */
  readonly work: string
  readonly done: number
  readonly total?: number
}

/** Everything outside the command line that a command may touch. */
export interface World {
  readonly stdout: TextSink
  readonly stderr: TextSink
  /** All of standard input, as text. */
  readonly stdin: () => Promise<string>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute. */
  readonly cwd: string
  readonly clock: Clock
  readonly random: RandomBytes
  /** Asks whoever sits at the terminal, and does not show what they type; undefined without one. */
  readonly secret: (prompt: string) => Promise<string | undefined>
  /** Keys of voters that are on tokens. */
  readonly tokens: VoterTokens
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  readonly version: string
  readonly operator: (config: Config) => Promise<Result<OperatorConnection>>
  /** Asks nothing yet. */
  readonly remoteOperator: (way: RemoteWay) => Promise<OperatorConnection>
  /** Makes the index tables again from the index log; tells every few seconds how far it is. */
  readonly rebuildIndex: (
    config: Config,
    progress: (progress: ShownProgress) => void,
  ) => Promise<Result<{ readonly records: number; readonly head: string }>>
  readonly init: (options: InitOptions) => Promise<Result<InitReport>>
  /** Serves until `signal` aborts. */
  readonly serve: (config: Config) => Promise<ExitCode>
  readonly initWitness: (
    place: WitnessPlace & { readonly name: string },
  ) => Promise<Result<WitnessReport>>
  /** Cosigns until `signal` aborts. */
  readonly serveWitness: (options: ServeWitnessOptions) => Promise<ExitCode>
  readonly openWatch: (options: WatchOptions) => Promise<Result<OpenWatch>>
  readonly openMirror: (options: MirrorOptions) => Promise<Result<OpenMirror>>
  readonly verifyMirror: (options: VerifyMirrorOptions) => Promise<Result<VerifiedMirror>>
  /** Shows a mirror until `signal` aborts. */
  readonly serveMirror: (options: ServeMirrorOptions) => Promise<ExitCode>
  readonly openMirroredIndex: (folder: string) => Promise<Result<MirroredIndex>>
  /** Verifies an answer with its log: the pieces are a file as `--prove` wrote it. */
  readonly openLogAnswer: (
    pieces: AsyncIterable<Uint8Array>,
    options: VerifyOptions,
    progress: (progress: ShownProgress) => void,
  ) => Promise<Result<OpenLogAnswer>>
  /** Makes a development CA when there is none, prints how to use it, and serves. */
  readonly dev: (config: Config) => Promise<ExitCode>
}
