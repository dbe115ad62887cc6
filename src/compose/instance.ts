import { verifyOurs } from '../ca/verify-leaf.js'
import type { Config } from '../config/config.js'
import type { CertificateDer } from '../core/der.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, refuse, type Result } from '../core/result.js'
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
import { voterSigner } from '../keys/voter-signer.js'
import { LiveIndex } from '../namespace/live-index.js'
import type { Progress } from '../namespace/ports.js'
import { rememberedStandings } from '../namespace/remembered-standings.js'
import type { StatusJson } from '../server/http/shapes.js'
import type { Operations } from '../server/operations.js'
import { certificatesOperations } from '../server/operations/certificates.js'
import { issuingOperations } from '../server/operations/issuing.js'
import { namespaceOperations } from '../server/operations/namespace.js'
import { trustOperations } from '../server/operations/trust.js'
import { ReadinessWatch } from '../server/readiness.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { openStore, type Store } from '../store/open-store.js'
import { readToken } from '../tokenreview/unverified-token.js'
import { ClusterAttestors } from './cluster-attestors.js'
import { inUse, storePath } from './found.js'
import { readInstanceFile } from './instance-file.js'
import { LongWork } from './long-work.js'
import { openVault } from './open-vault.js'

export interface InstanceOptions {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: RandomBytes
  readonly version: string
  /** `thread` for a server. */
  readonly writer: 'thread' | 'inline'
  readonly listeners: () => StatusJson['server']['listeners']
  readonly observer: {
    stage(stage: Stage, seconds: number): void
    issued(evidence: Evidence['kind']): void
  }
  /** Told every few seconds of what takes long: an index log that is read for the first time. */
  readonly progress?: (progress: Progress) => void
}

/** One data directory, opened, with every use case over it. */
export interface Instance extends AsyncDisposable {
  readonly store: Store
  readonly index: LiveIndex
  readonly authority: () => Authority
  readonly clusters: ClusterAttestors
  readonly readiness: ReadinessWatch
  readonly issueLeaf: (request: IssueRequest) => Promise<Result<Issued>>
  readonly operations: Operations
}

/** CSRs remembered: one for each proxy that renews with the same key for ever. */
const CSRS_REMEMBERED = 20_000
/** Bindings whose standing is remembered, until the index changes. */
const STANDINGS_REMEMBERED = 50_000

/** Takes the data directory for this process alone, until the instance is disposed of. */
export async function openInstance(options: InstanceOptions): Promise<Result<Instance>> {
  const { config, env, clock, random } = options
  const { dataDir } = config
  const file = await readInstanceFile(dataDir)
  if (!file) {
    return refuse('namespace.unknown', `there is no CA in ${dataDir}`, {
      wanted: 'a data directory that capstan init has made',
      next: 'capstan init --trust-domain NAME',
    })
  }
  const lock = lockDataDirectory(dataDir)
  if (!lock) return inUse(dataDir)
  let kept = false
  const opened: (() => Promise<void> | void)[] = [() => lock[Symbol.dispose]()]
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
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
    const index = await LiveIndex.open({
      store: store.index,
      voter: voterSigner(voter),
      clock,
      random,
      issued: inFlight,
      pace: longWork.pace,
    })
    if (!index.ok) return index
    longWork.end()
    const parts = {
      ...{ options, store, index: index.value, authority: authority.value, inFlight, longWork },
    }
    const instance = assemble(parts)
    opened.push(() => instance.clusters.close())
    kept = true
    return ok({ ...instance, [Symbol.asyncDispose]: closeAll })
  } finally {
    if (!kept) await closeAll()
  }
}

interface Parts {
  readonly options: InstanceOptions
  readonly store: Store
  readonly index: LiveIndex
  readonly authority: Authority
  readonly inFlight: InFlight
  readonly longWork: LongWork
}

/** Hands every use case what it needs. Nothing is decided here. */
function assemble({
  options,
  store,
  index,
  authority: current,
  inFlight,
  longWork,
}: Parts): Omit<Instance, typeof Symbol.asyncDispose> {
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
    ledger,
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
  const readiness = new ReadinessWatch({ authority, ledger, clock })
  const shared = { authority, index, ledger, clock, random, crls }
  const operations: Operations = {
    ...trustOperations({
      ...shared,
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
      longWork,
      checkCluster: (cluster, signal) => clusters.check(cluster, signal),
    }),
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
