import type { AuthorityStore, KeyRef } from '../ca/ports.js'
import { verifyOurs } from '../ca/verify-leaf.js'
import type { Config } from '../config/config.js'
import type { CertificateDer } from '../core/der.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, type Result } from '../core/result.js'
import type { Clock, RandomBytes } from '../core/time.js'
import { cachedVerifyCsr } from '../csr/verified-csr-cache.js'
import { Admission, defaultAdmissionLimits } from '../issuance/admission.js'
import { attestWith } from '../issuance/attest.js'
import { Authority } from '../issuance/authority.js'
import { CrlPublisher } from '../issuance/crl-publisher.js'
import type { Evidence } from '../issuance/evidence.js'
import { InFlight } from '../issuance/in-flight.js'
import { inspectCertificate } from '../issuance/inspect.js'
import {
  type Issued,
  type IssueRequest,
  issueLeafWith,
  type Stage,
} from '../issuance/issue-leaf.js'
import type { RecordGranted } from '../issuance/ports.js'
import type { FileVault } from '../keys/file-vault.js'
import type { UnsealedKeys } from '../keys/received-vault.js'
import { voterSigner } from '../keys/voter-signer.js'
import { type GovernedIndex, LiveIndex } from '../namespace/live-index.js'
import type { IndexLog, Progress } from '../namespace/ports.js'
import { PastQuestions } from '../namespace/questions/past-questions.js'
import { type QuestionDeps, Questions } from '../namespace/questions/questions.js'
import { rememberedStandings } from '../namespace/remembered-standings.js'
import type { Readiness, StatusJson } from '../server/http/shapes.js'
import type { Operations } from '../server/operations.js'
import { bundleOperations } from '../server/operations/bundles.js'
import { certificatesOperations } from '../server/operations/certificates.js'
import { issuingOperations } from '../server/operations/issuing.js'
import { logOperations, type ServedLog } from '../server/operations/logs.js'
import { namespaceOperations } from '../server/operations/namespace.js'
import { pastOperations } from '../server/operations/past.js'
import { policyOperations } from '../server/operations/policies.js'
import { questionOperations } from '../server/operations/questions.js'
import { trustOperations } from '../server/operations/trust.js'
import { ReadinessWatch } from '../server/readiness.js'
import { formatVerifierKey } from '../tlog/verifier-key.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { type IssuingStore, openStore, type OwnStore } from '../store/open-store.js'
import { readToken } from '../tokenreview/unverified-token.js'
import { ClusterAttestors } from './cluster-attestors.js'
import { inUse, notFounded, storePath } from './found.js'
import { readInstanceFile } from './instance-file.js'
import { LongWork } from './long-work.js'
import { openVault } from './open-vault.js'
import { openSignedLog } from './signed-log.js'

export interface UseCaseOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: RandomBytes
  readonly version: string
  readonly listeners: () => StatusJson['server']['listeners']
  /** What else must hold for this server to be ready. */
  readonly checks?: () => Readiness['checks']
  readonly observer: {
    stage(stage: Stage, seconds: number): void
    issued(evidence: Evidence['kind']): void
  }
  /** Told every few seconds of what takes long: an index log that is read for the first time. */
  readonly progress?: (progress: Progress) => void
}

export interface InstanceOptions extends UseCaseOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `thread` for a server. */
  readonly writer: 'thread' | 'inline'
  /** Told why a checkpoint could not be signed; the next change tries again. */
  readonly checkpointFailed?: (error: unknown) => void
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

/** One data directory, opened by the process that owns it. */
export interface Instance extends UseCases<OwnStore, LiveIndex>, AsyncDisposable {
  readonly inFlight: InFlight
  /** Verifies the checkpoints of the index log: a verifier key of C2SP signed-note. */
  readonly logKey: string
  /** The keys of every issuer that may sign, for a process of this program that issues as well. */
  readonly unsealIssuers: () => Promise<UnsealedKeys>
}

/** CSRs remembered: one for each proxy that renews with the same key for ever. */
const CSRS_REMEMBERED = 20_000
/** Bindings whose standing is remembered, until the index changes. */
const STANDINGS_REMEMBERED = 50_000

/** Takes the data directory for this process alone, until the instance is disposed of. */
export async function openInstance(options: InstanceOptions): Promise<Result<Instance>> {
  const { config, env, clock, random } = options
  const { dataDir } = config
  if (!(await readInstanceFile(dataDir))) return notFounded(dataDir)
  const lock = lockDataDirectory(dataDir)
  if (!lock) return inUse(dataDir)
  let kept = false
  const opened: (() => Promise<void> | void)[] = [() => lock[Symbol.dispose]()]
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    // Again: whoever had the directory until now may have written it.
    const file = await readInstanceFile(dataDir)
    if (!file) return notFounded(dataDir)
    const vault = await openVault({ config, env, random })
    if (!vault.ok) return vault
    const voter = await vault.value.open(file.voterKey)
    if (!voter) throw new DependencyError('keys', "the local voter's key is gone")

    const store = openStore({ path: storePath(dataDir), writer: options.writer })
    opened.push(async () => {
      await store[Symbol.asyncDispose]()
    })
    const authority = await Authority.open(store.authorities, vault.value)
    if (!authority.ok) return authority
    const inFlight = new InFlight(store.ledger)
    const longWork = new LongWork(options.progress ?? (() => undefined))
    const { tree } = store.index
    const signing = await openSignedLog({
      ...{ vault: vault.value, file, dataDir, random, tree },
      failed: options.checkpointFailed ?? (() => undefined),
    })
    if (!signing.ok) return signing
    const { key, publisher, before } = signing.value
    opened.push(() => publisher.settled())
    const index = await LiveIndex.open({
      store: store.index,
      voter: voterSigner(voter),
      clock,
      random,
      issued: inFlight,
      pace: longWork.pace,
      appended: () => publisher.publish(),
      signed: before,
    })
    if (!index.ok) return index
    longWork.end()
    publisher.publish()
    const log: ServedLog = {
      key,
      tree,
      read: (from, limit) => store.index.readRecords(from, limit),
      settled: () => publisher.settled(),
    }
    const parts = {
      store,
      index: index.value,
      authority: authority.value,
      inFlight,
      longWork,
      log,
      questioned: {
        log: store.index,
        snapshot: () => store.index.snapshot(),
        past: new PastQuestions(store.index, longWork.pace),
      },
    }
    // Here the index itself is asked: what it grants cannot be out of date.
    const record: RecordGranted = (entry, spends) => store.ledger.append(entry, spends)
    const instance = assemble({ ...parts, records: store.index, options, record })
    opened.push(() => instance.clusters.close())
    kept = true
    const unsealIssuers = () => unsealedIssuers(store.authorities, vault.value)
    const logKey = formatVerifierKey(key)
    return ok({ ...instance, inFlight, logKey, unsealIssuers, [Symbol.asyncDispose]: closeAll })
  } finally {
    if (!kept) await closeAll()
  }
}

async function unsealedIssuers(store: AuthorityStore, vault: FileVault): Promise<UnsealedKeys> {
  const keys = new Map<KeyRef, Uint8Array>()
  for (const { role, state, keyRef } of await store.list()) {
    if (role !== 'issuer' || state !== 'active' || keyRef === undefined) continue
    const pkcs8 = await vault.unseal(keyRef)
    if (pkcs8) keys.set(keyRef, pkcs8)
  }
  return keys
}

interface Parts<S extends IssuingStore, I extends GovernedIndex> {
  readonly options: UseCaseOptions
  readonly store: S
  readonly index: I
  readonly authority: Authority
  readonly inFlight: InFlight
  readonly longWork: LongWork
  readonly log: ServedLog
  readonly records: Pick<IndexLog, 'read'>
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
  records,
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
    verifyCsr: cachedVerifyCsr(CSRS_REMEMBERED),
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
    ...(options.checks && { more: options.checks }),
  })
  const shared = { authority, index, ledger, clock, random, crls }
  // Their turns alone: how far they are is nobody's business.
  const { pace } = new LongWork(() => undefined)
  const questions = new Questions({ ...questioned, clock, pace })
  const operations: Operations = {
    ...trustOperations({
      ...shared,
      logKey: log.key,
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
    ...policyOperations({ index, clock }),
    ...logOperations(log),
    ...bundleOperations({ index, log, records }),
    ...questionOperations({ index, questions, ledger }),
    ...pastOperations({ past: questioned.past, log: questioned.log, longWork }),
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
