import { verifyOurs } from '../ca/verify-leaf.js'
import type { Config } from '../config/config.js'
import type { CertificateDer } from '../core/der.js'
import type { Result } from '../core/result.js'
import type { Clock, RandomBytes } from '../core/time.js'
import { VerifiedCsrCache } from '../csr/verified-csr-cache.js'
import { Admission, defaultAdmissionLimits } from '../issuance/admission.js'
import { attestWith } from '../issuance/attest.js'
import type { Authority } from '../issuance/authority.js'
import { CrlPublisher } from '../issuance/crl-publisher.js'
import type { Evidence } from '../issuance/evidence.js'
import type { InFlight } from '../issuance/in-flight.js'
import { inspectCertificate } from '../issuance/inspect.js'
import {
  type Issued,
  type IssueRequest,
  issueLeafWith,
  type Stage,
} from '../issuance/issue-leaf.js'
import type { RecordGranted } from '../issuance/ports.js'
import type { GovernedIndex } from '../namespace/governed-index.js'
import type { Progress } from '../namespace/ports.js'
import type { PastQuestions } from '../namespace/questions/past-questions.js'
import { type QuestionDeps, Questions } from '../namespace/questions/questions.js'
import { rememberedStandings } from '../namespace/remembered-standings.js'
import type { Readiness, StatusJson } from '../server/http/shapes.js'
import type { Operations } from '../server/operations.js'
import { type OwnedLogs, auditOperations } from '../server/operations/audit.js'
import { bundleOperations } from '../server/operations/bundles.js'
import { certificatesOperations } from '../server/operations/certificates.js'
import { issuingOperations } from '../server/operations/issuing.js'
import { issuanceLogOperations } from '../server/operations/issuance-log.js'
import { logOperations } from '../server/operations/logs.js'
import { namespaceOperations } from '../server/operations/namespace.js'
import { pastOperations } from '../server/operations/past.js'
import { policyOperations } from '../server/operations/policies.js'
import { emergencyOperations } from '../server/operations/emergencies.js'
import { proposingOperations } from '../server/operations/proposing.js'
import { recoveryOperations } from '../server/operations/recoveries.js'
import { questionOperations } from '../server/operations/questions.js'
import type { ServedLog } from '../server/operations/served-log.js'
import { trustOperations } from '../server/operations/trust.js'
import { ReadinessWatch } from '../server/readiness.js'
import { recoveryChecks } from '../server/recovery-checks.js'
import type { IssuingStore } from '../store/open-store.js'
import type { CosigningState } from '../tlog/cosigning.js'
import { readToken } from '../tokenreview/unverified-token.js'
import { ClusterAttestors } from './cluster-attestors.js'
import { LongWork } from './long-work.js'
import type { Issued as OwnLog } from './open-issued.js'

export interface UseCaseOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: RandomBytes
  readonly version: string
  readonly listeners: () => StatusJson['server']['listeners']
  /** Who cosigns the logs, where this process asks them. */
  readonly witnesses?: () => readonly CosigningState[]
  /** What else must hold for this server to be ready. */
  readonly checks?: () => Readiness['checks']
  readonly observer: {
    stage(stage: Stage, seconds: number): void
    issued(evidence: Evidence['kind']): void
  }
  /** Told every few seconds of what takes long: an index log that is read for the first time. */
  readonly progress?: (progress: Progress) => void
}

/** Every use case, over one data directory. */
export interface UseCases<
  S extends IssuingStore = IssuingStore,
  I extends GovernedIndex = GovernedIndex,
> {
  readonly store: S
  readonly index: I
  readonly authority: () => Authority
  readonly clusters: ClusterAttestors
  readonly readiness: ReadinessWatch
  readonly issueLeaf: (request: IssueRequest) => Promise<Result<Issued>>
  readonly operations: Operations
}

/**
 * CSRs remembered: one for each proxy that renews with the same key for ever, of a mesh of twenty
 * thousand. They are most of what a process remembers: 1.7 KB of its memory each.
 */
const CSRS_REMEMBERED = 24_000
/** Bindings whose standing is remembered, until the index changes. */
const STANDINGS_REMEMBERED = 50_000

interface Parts<S extends IssuingStore, I extends GovernedIndex> {
  readonly options: UseCaseOptions
  readonly store: S
  readonly index: I
  readonly authority: Authority
  readonly inFlight: InFlight
  readonly longWork: LongWork
  readonly log: ServedLog
  readonly issuanceLog: ServedLog
  /** Where this process owns the log. */
  readonly verifyIssued?: OwnLog['verify']
  readonly owned?: Omit<OwnedLogs, 'verifyIssued'>
  readonly record: RecordGranted
  /** What questions are answered from. */
  readonly questioned: Pick<QuestionDeps, 'log' | 'snapshot'> & { readonly past?: PastQuestions }
}

/** Hands every use case what it needs. Nothing is decided here. */
export function assemble<S extends IssuingStore, I extends GovernedIndex>({
  options,
  store,
  index,
  authority: current,
  inFlight,
  longWork,
  log,
  issuanceLog,
  verifyIssued,
  owned,
  record,
  questioned,
}: Parts<S, I>): UseCases<S, I> {
  const { config, clock, random, observer } = options
  const { ledger, challenges, joinTokens: tokens } = store
  const authority = (): Authority => current
  const ours = (certificate: CertificateDer) =>
    verifyOurs(certificate, authority().pinned, 'ignore-expiry')
  const clusters = new ClusterAttestors({
    index,
    clock,
    random,
    limits: {
      concurrency: config.tokenReview.concurrency,
      queue: config.tokenReview.queue,
      totalMs: config.tokenReview.timeoutMs,
    },
  })
  const renewal = { verifyOurs: ours, ledger }
  const issue = issueLeafWith({
    csrs: new VerifiedCsrCache(CSRS_REMEMBERED),
    attest: attestWith({
      ...renewal,
      index,
      tokens,
      readToken,
      pods: (cluster) => clusters.attestor(cluster),
    }),
    index,
    standingOf: rememberedStandings(STANDINGS_REMEMBERED),
    inFlight,
    issuer: (now) => authority().issuer(now),
    record,
    challenges,
    clock,
    random,
    stopwatch: () => lapsInto((stage, seconds) => observer.stage(stage, seconds)),
  })
  const { issueLeaf } = new Admission({
    issueLeaf: issue,
    clock,
    elapsed: () => performance.now(),
    nextTurn: (run) => setImmediate(run),
    after: (ms, run) => setTimeout(run, ms),
    limits: defaultAdmissionLimits,
  })
  const crls = new CrlPublisher({ authority, ledger, clock, lifetime: config.issuance.crlLifetime })
  const readiness = new ReadinessWatch({
    authority,
    ledger,
    clock,
    more: () => [...(options.checks?.() ?? []), ...recoveryChecks(index.state, clock.now())],
  })
  const shared = { authority, index, ledger, clock, random, crls }
  // Their turns alone: how far they are is nobody's business.
  const { pace } = new LongWork(() => undefined)
  const questions = new Questions({ ...questioned, clock, pace })
  const operations: Operations = {
    ...trustOperations({
      ...shared,
      logKey: log.key,
      witnesses: options.witnesses ?? (() => []),
      issuanceLog,
      readiness,
      version: options.version,
      pid: process.pid,
      listeners: options.listeners,
    }),
    ...issuingOperations({
      ...shared,
      ...renewal,
      issueLeaf,
      challenges,
      issued: (kind) => observer.issued(kind),
    }),
    ...namespaceOperations({
      index,
      clock,
      logKey: log.key,
      longWork,
      checkCluster: (cluster, signal) => clusters.check(cluster, signal),
    }),
    ...emergencyOperations(index),
    ...recoveryOperations(index),
    ...proposingOperations(index),
    ...policyOperations({ index, log, clock }),
    ...logOperations(log, questioned.log),
    ...issuanceLogOperations({
      log: issuanceLog,
      issued: store.issuanceLog,
      ledger,
      longWork,
      verify: verifyIssued,
    }),
    ...auditOperations({
      log,
      issuanceLog,
      index,
      issuedAt: (seq) => store.issuanceLog.issuedAt(seq),
      clock,
      longWork,
      owned: owned && verifyIssued && { ...owned, verifyIssued },
    }),
    ...bundleOperations({ index, log, records: questioned.log, pace }),
    ...questionOperations({ index, questions, ledger }),
    ...pastOperations({ past: questioned.past, log: questioned.log, clock, longWork }),
    ...certificatesOperations({
      ...shared,
      tokens,
      inspect: (der, now) => inspectCertificate({ ...renewal, index }, der, now),
    }),
  }
  return { store, index, authority, clusters, readiness, issueLeaf, operations }
}

/** A stopwatch whose laps are seconds since the lap before. */
function lapsInto(report: (stage: Stage, seconds: number) => void): (stage: Stage) => void {
  let last = performance.now()
  return (stage) => {
    const now = performance.now()
    report(stage, (now - last) / 1000)
    last = now
  }
}
