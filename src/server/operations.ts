import type { BrakeJson } from './http/brake-shapes.js'
import type { DraftsJson } from './http/draft-shapes.js'
import type { EmergencyGrantsJson, InvokedJson } from './http/emergency-shapes.js'
import type { RecoveryJson } from './http/recovery-shapes.js'
import type { Alias } from '../core/alias.js'
import type { Caller } from '../core/caller.js'
import type { Json } from '../core/canonical-json.js'
import type { CertificateDer } from '../core/der.js'
import type { Result } from '../core/result.js'
import type { SerialNumber } from '../core/serial.js'
import type { Seconds, UnixSeconds } from '../core/time.js'
import type { Capability } from '../namespace/envelope.js'
import type { Operation } from '../namespace/operation.js'
import type { AskedCedar } from '../namespace/questions/cedar-page.js'
import type { AskedDiff } from '../namespace/questions/diff.js'
import type { EndsPart } from '../namespace/questions/ends.js'
import type { PastMoment } from '../namespace/questions/past.js'
import type { Why } from '../namespace/unsigned-proposal.js'
import type { StateMapTable } from '../namespace/state-map.js'
import type { TilePath } from '../tlog/tile.js'
import type { ShownCommits } from '../verify/make-bundle.js'
import type { RevocationReason } from '../issuance/ports.js'
import type { AuditDetail } from './audit.js'
import type { AuditJson, IndexRecordsJson, IssuedRecordsJson } from './http/audit-shapes.js'
import type { VerifiedIssuanceJson } from './http/issuance-shapes.js'
import type {
  AuthorityJson,
  CedarJson,
  ChangesJson,
  DiffJson,
  EndsJson,
  ExceptionsJson,
  ReachJson,
  ResilienceJson,
  ShownImpactJson,
  StaleJson,
  VotedJson,
} from './http/question-shapes.js'
import type { HistoryItemJson, WhyJson, WhyPortsJson } from './http/authorisation-shapes.js'
import type { AppliedJson, MadeJson, ProposalJson, SubmissionJson } from './http/proposal-shapes.js'
import type {
  CertificateJson,
  CertificateWithPemJson,
  InspectionJson,
} from './http/certificate-shapes.js'
import type {
  ChallengeJson,
  ClusterCheckJson,
  ClusterJson,
  EntriesJson,
  EntryJson,
  EntryRulesJson,
  GuardJson,
  IssuedJson,
  NewTokenJson,
  PermitJson,
  ProgressJson,
  Readiness,
  RevokedJson,
  ScopeJson,
  SpiffeBundleJson,
  StatusJson,
  TokenJson,
  TrustBundleJson,
  VerifiedJson,
} from './http/shapes.js'

/** The request that a use case works for. */
export interface CallContext extends Caller {
  /** In the answer, in the log and in the ledger. */
  readonly requestId: string
  /** The peer's IP address; `local` on the Unix socket. */
  readonly remote: string
  /** Adds to the audit line of this request. */
  readonly about: (detail: AuditDetail) => void
}

/** What a requester may show in a body. A renewal's evidence is the TLS connection's. */
export type ShownEvidence =
  | { readonly kind: 'join-token'; readonly token: string }
  | { readonly kind: 'kubernetes'; readonly token: string; readonly cluster?: Alias }

export interface IssueInput {
  /** PEM or base64 DER, not looked at yet. */
  readonly csr: string
  readonly evidence: ShownEvidence
  /** Id of the challenge that the CSR answers. */
  readonly challenge?: string
  readonly ttl?: Seconds
}

export interface RenewInput {
  /** PEM or base64 DER, not looked at yet. */
  readonly csr: string
  /** Possession of its key is proved by TLS; nothing else about it is. */
  readonly peerCertificate: CertificateDer
  readonly ttl?: Seconds
}

export interface CertificateFilter {
  readonly entry?: Alias
  readonly live: 'only' | 'all'
  /** Newest first. */
  readonly limit: number
}

/** Entries at and under an alias, in the order of their aliases. */
export interface EntryPage {
  readonly prefix: Alias
  /** The `next` of the page before. */
  readonly after?: string
  readonly limit: number
}

/** May one entry call another? */
export interface AskedCall {
  readonly caller: Alias
  readonly callee: Alias
  /** Of the callee. */
  readonly port: number
  /** `GET /orders/7`; absent for a connection of which nothing more is known. */
  readonly route?: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** On which ports may one entry call another? */
export type AskedPorts = Omit<AskedCall, 'port'>

/** The other side of an entry's calls, a page at a time. */
export interface AskedReach {
  readonly alias: Alias
  /** The `next` of the page before. */
  readonly after?: string
  readonly limit: number
}

/** A look through the log: from a second on, or from where the page before ended. */
export interface AskedLog {
  readonly since?: UnixSeconds
  readonly from?: number
  readonly limit: number
}

export interface AskedStale {
  readonly prefix: Alias
  readonly age: Seconds
  readonly after?: string
  readonly limit: number
}

/** What ends by itself within so long, at and under an alias. */
export interface AskedEnds {
  readonly part: EndsPart
  readonly prefix: Alias
  readonly ahead: Seconds
  readonly after?: string
  readonly limit: number
}

/** Records of a log from a number on. */
export interface LogPage {
  readonly from: number
  readonly limit: number
}

export interface AskedAudit {
  /** Everything is read again; otherwise what can be seen at once. */
  readonly full: boolean
  /** Older checkpoints, notes: the logs must go on from them. */
  readonly index?: string
  readonly issuance?: string
}

export type RevokeTarget =
  | { readonly kind: 'serial'; readonly serial: SerialNumber }
  | { readonly kind: 'entry'; readonly alias: Alias }

/** What may be asked of the index as it was. */
export type PastOperation =
  | 'permit'
  | 'why'
  | 'whyPorts'
  | 'reach'
  | 'callers'
  | 'authority'
  | 'history'
  | 'proposals'
  | 'brakes'
  | 'recoveries'
  | 'emergencyGrants'
  | 'impact'
  | 'cedar'
  | 'resilience'
  | 'voted'
  | 'changes'
  | 'exceptions'
  | 'ends'

/** A member of the body that the namespace itself parses. */
export type JsonBody = Readonly<Record<string, Json>>

export interface AskedApply {
  readonly document: JsonBody
  readonly mode: 'plan' | 'apply'
  /** Said of each change, and of each proposal. */
  readonly why: Why
}

/** One change, or a document with the reason for all of it. */
export interface AskedDraft {
  /** Who is to sign it. */
  readonly as: string
  readonly change?: JsonBody
  readonly document?: JsonBody
  readonly why: Why
}

/**
 * The use cases behind the HTTP API. Each answers in the shape that goes over the wire, or refuses;
 * `DependencyError` and every other throw is the world's or our own fault. Access has been decided
 * before any of them is called.
 */
export interface Operations {
  // For anyone.
  readiness(): Promise<Readiness>
  bundle(): TrustBundleJson | Promise<TrustBundleJson>
  spiffeBundle(): SpiffeBundleJson | Promise<SpiffeBundleJson>
  /** DER CertificateList of one issuer; `request.not-found` for an issuer that is not ours. */
  crl(issuer: string): Promise<Result<Uint8Array>>
  /** The latest checkpoint of the index log, a note; `request.not-found` before the first. */
  checkpoint(): Promise<Result<string>>
  /** A tile, or the records under one; `request.not-found` for what no checkpoint covers yet. */
  logTile(path: TilePath): Promise<Result<Uint8Array>>
  /** A tlog-proof of record `seq`, the record as its extra line; `request.not-found` as above. */
  logProof(seq: number): Promise<Result<string>>
  /** What the state map of the latest checkpoint has under a name, or that it has nothing, proved. */
  stateProof(table: StateMapTable, name: string): Promise<Result<string>>

  // For whoever brings evidence.
  createChallenge(context: CallContext): Promise<Result<ChallengeJson>>
  issue(input: IssueInput, context: CallContext): Promise<Result<IssuedJson>>
  renew(input: RenewInput, context: CallContext): Promise<Result<IssuedJson>>

  /**
   * Does this client certificate open the routes of a capability? Ours by signature and by ledger,
   * within its dates, not revoked, and its entry active with that capability: decided from the
   * bytes. Otherwise `renewal.*` or `request.forbidden`.
   */
  holderOf(
    certificate: CertificateDer,
    capability: Capability,
  ): Promise<Result<{ readonly alias: string }>>

  // For readers.
  status(): Promise<StatusJson>
  entries(page: EntryPage): Promise<Result<EntriesJson>>
  entry(alias: Alias): Promise<Result<EntryJson>>
  scopes(): Promise<Result<readonly ScopeJson[]>>
  scope(alias: Alias): Promise<Result<ScopeJson>>
  clusters(): Promise<Result<readonly ClusterJson[]>>
  cluster(alias: Alias): Promise<Result<ClusterJson>>
  rules(alias: Alias): Promise<Result<EntryRulesJson>>
  /** Its own and those above it, the root's first. */
  guards(scope: Alias): Promise<Result<readonly GuardJson[]>>
  permit(call: AskedCall): Promise<Result<PermitJson>>
  /** The same, and who made the rule that allows it, when, why, and by what right. */
  why(call: AskedCall): Promise<Result<WhyJson>>
  /** Of every port that rules and splits of the callee know between the two. */
  whyPorts(asked: AskedPorts): Promise<Result<WhyPortsJson>>
  history(alias: Alias): Promise<Result<readonly HistoryItemJson[]>>
  /** The octets of docs/format-bundle.md. */
  entryBundle(alias: Alias, commits: ShownCommits): Promise<Result<Uint8Array>>
  /** What waits for votes, oldest first. */
  proposals(): Promise<Result<readonly ProposalJson[]>>
  /** Brakes of the last seven days, oldest first. */
  brakes(): Promise<Result<readonly BrakeJson[]>>
  /** Every emergency grant, with its uses, and uses that still matter of those that are gone. */
  emergencyGrants(): Promise<Result<EmergencyGrantsJson>>
  /** The latest recovery of each scope, oldest first. */
  recoveries(): Promise<Result<readonly RecoveryJson[]>>
  proposal(id: string): Promise<Result<ProposalJson>>
  /** What it would do if it took effect now. */
  impact(id: string): Promise<Result<ShownImpactJson>>
  /** Whom it may call. */
  reach(page: AskedReach): Promise<Result<ReachJson>>
  /** Who may call it. */
  callers(page: AskedReach): Promise<Result<ReachJson>>
  /** Who may change what is at an alias, or would be, and what it takes. */
  authority(alias: Alias, op?: Operation['op']): Promise<Result<AuthorityJson>>
  /** What decides about calls, as Cedar writes it. */
  cedar(asked: AskedCedar): Promise<Result<CedarJson>>
  /** Can a scope still decide without these voters? */
  resilience(scope: Alias, without: readonly string[]): Promise<Result<ResilienceJson>>
  /** Changes that a voter voted about. */
  voted(asked: AskedLog & { voter: string; which: 'all' | 'decisive' }): Promise<Result<VotedJson>>
  /** Everything that was decided about a region of names. */
  changes(asked: AskedLog & { prefix: Alias }): Promise<Result<ChangesJson>>
  /** What was not decided in the usual way. */
  exceptions(asked: AskedLog): Promise<Result<ExceptionsJson>>
  /** Entries without a certificate for long, and rules that allow nobody anything. */
  stale(asked: AskedStale): Promise<Result<StaleJson>>
  /** What ends by its own time: lifetimes, rules, keys, brakes, proposals. */
  ends(asked: AskedEnds): Promise<Result<EndsJson>>
  certificates(filter: CertificateFilter): Promise<Result<readonly CertificateJson[]>>
  certificate(serial: SerialNumber): Promise<Result<CertificateWithPemJson>>
  /** PEM or base64 DER, of anybody's making. */
  inspect(certificate: string): Promise<Result<InspectionJson>>
  /** The latest checkpoint of the issuance log, a note; `request.not-found` before the first. */
  issuanceCheckpoint(): Promise<Result<string>>
  /** As `logTile`; entries that were pruned with the ledger are `request.not-found` too. */
  issuanceTile(path: TilePath): Promise<Result<Uint8Array>>
  /** A tlog-proof that the issuance log has a certificate, its record as the extra line. */
  issuanceProof(serial: SerialNumber): Promise<Result<string>>
  /** Records of the index log with their envelopes: all that folding them needs. */
  indexRecords(page: LogPage): Promise<Result<IndexRecordsJson>>
  /** Records of the issuance log with their certificates. */
  issuanceRecords(page: LogPage): Promise<Result<IssuedRecordsJson>>

  // For submitters, and whoever may open the local socket: what voters signed, or are about to.
  /** What somebody wants to propose, for them to check and to sign. */
  draftProposals(asked: AskedDraft, context: CallContext): Promise<Result<DraftsJson>>
  /** DSSE envelopes: a proposal, a vote, a withdrawal, or two votes as evidence. */
  submit(envelopes: readonly JsonBody[], context: CallContext): Promise<Result<SubmissionJson>>
  /** Suspends something at once, for a while, by whose signatures are in the envelopes. */
  signedBrake(envelopes: readonly JsonBody[], context: CallContext): Promise<Result<BrakeJson>>
  /** Uses a grant, or drills it, by what those signed whom it names. */
  invokeEmergency(
    envelopes: readonly JsonBody[],
    context: CallContext,
  ): Promise<Result<InvokedJson>>
  /** Starts one by what a recovery set signed, or stops one by what voters did. */
  signedRecovery(
    envelopes: readonly JsonBody[],
    context: CallContext,
  ): Promise<Result<RecoveryJson>>

  // For whoever may open the local socket alone.
  change(request: JsonBody, context: CallContext): Promise<Result<MadeJson>>
  /** One that this installation made. */
  withdrawProposal(id: string, context: CallContext): Promise<Result<SubmissionJson>>
  /** Suspends something at once, for a while, by this installation's own voter. */
  brake(request: JsonBody, context: CallContext): Promise<Result<BrakeJson>>
  /** By this installation's own voter. */
  cancelRecovery(scope: Alias, why: JsonBody, context: CallContext): Promise<Result<RecoveryJson>>
  /** Of this scope, once its time has come. */
  finishRecovery(scope: Alias, context: CallContext): Promise<Result<RecoveryJson>>
  apply(asked: AskedApply, context: CallContext): Promise<Result<AppliedJson>>
  createToken(alias: Alias, ttl: Seconds, context: CallContext): Promise<Result<NewTokenJson>>
  tokens(): Promise<Result<readonly TokenJson[]>>
  /** `request.not-found` when there is no such unused token. */
  withdrawToken(id: string, context: CallContext): Promise<Result<undefined>>
  revoke(
    target: RevokeTarget,
    reason: RevocationReason,
    context: CallContext,
  ): Promise<Result<RevokedJson>>
  checkCluster(alias: Alias, context: CallContext): Promise<Result<ClusterCheckJson>>
  /**
   * Reads the whole index log again and checks every signature; given an older checkpoint, a note,
   * also that the log goes on from it: `tlog.inconsistent`, or `tlog.*` for a note that is no
   * checkpoint of this log.
   */
  verify(from?: string): Promise<Result<VerifiedJson>>
  /**
   * Compares the whole ledger with the issuance log, and the log with an older checkpoint of it, as
   * `verify` does: `tlog.inconsistent` where they differ.
   */
  verifyIssuance(from?: string): Promise<Result<VerifiedIssuanceJson>>
  /** Is the log honest? What is found is in the answer; only what cannot be asked is refused. */
  audit(asked: AskedAudit): Promise<Result<AuditJson>>
  /** What was changed between two moments: reads the log again. */
  diff(asked: AskedDiff): Promise<Result<DiffJson>>
  /** Asks of the index as it was at a moment, in the second `at`: reads the log again. */
  past<T>(
    moment: PastMoment,
    ask: (then: Pick<Operations, PastOperation>, at: UnixSeconds) => Promise<Result<T>>,
  ): Promise<Result<T>>
  /** How far a document or a verification is that takes long. */
  progress(): ProgressJson
}
