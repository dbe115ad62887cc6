import type { Clock } from '../core/time.js'
import type { AuthorityStore, KeyRef } from '../ca/ports.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, type Result } from '../core/result.js'
import { Authority } from '../issuance/authority.js'
import { InFlight } from '../issuance/in-flight.js'
import type { RecordGranted } from '../issuance/ports.js'
import type { FileVault } from '../keys/file-vault.js'
import type { UnsealedKeys } from '../keys/received-vault.js'
import { voterSigner } from '../keys/voter-signer.js'
import { type AuditedCertificates, auditCertificates } from '../monitor/audit-certificates.js'
import { LiveIndex } from '../namespace/live-index.js'
import type { Pace } from '../namespace/ports.js'
import { PastQuestions } from '../namespace/questions/past-questions.js'
import type { ServedLog } from '../server/operations/served-log.js'
import { formatVerifierKey } from '../tlog/verifier-key.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { openStore, type OwnStore } from '../store/open-store.js'
import { assemble, type UseCaseOptions, type UseCases } from './assemble.js'
import { inUse, notFounded, storePath } from './found.js'
import { readInstanceFile } from './instance-file.js'
import type { SignedLogName } from './log-key.js'
import { LongWork } from './long-work.js'
import { openVault } from './open-vault.js'
import { openIssued } from './open-issued.js'
import { readSignedHead } from './signed-head-file.js'
import { openSignedLog } from './signed-log.js'

export interface InstanceOptions extends UseCaseOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `thread` for a server. */
  readonly writer: 'thread' | 'inline'
  /** Told when a new checkpoint of a log is kept. */
  readonly checkpointSigned?: (log: SignedLogName) => void
  /** Resolves when its latest checkpoint has the cosignatures that it gets soon, or none of them. */
  readonly cosigned?: (log: SignedLogName) => Promise<void>
  /** Told why a checkpoint could not be signed; the next change tries again. */
  readonly checkpointFailed?: (error: unknown) => void
}

/** One data directory, opened by the process that owns it. */
export interface Instance extends UseCases<OwnStore, LiveIndex>, AsyncDisposable {
  readonly inFlight: InFlight
  /** The index log, as it is served. */
  readonly log: ServedLog
  /** What verify the checkpoints of the two logs: verifier keys of C2SP signed-note. */
  readonly logKey: string
  readonly issuanceKey: string
  /** The issuance log, as it is served. */
  readonly issuanceLog: ServedLog
  /** Signs the head of the issuance log, where it is a new one; resolves when it is cosigned, or not. */
  readonly publishIssued: () => Promise<void>
  /** The keys of every issuer that may sign, for a process of this program that issues as well. */
  readonly unsealIssuers: () => Promise<UnsealedKeys>
}

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
    const signs = { ...{ vault: vault.value, dataDir, random }, failed: options.checkpointFailed }
    const published = (log: SignedLogName) => (): void => options.checkpointSigned?.(log)
    const cosigned = async (log: SignedLogName): Promise<void> => options.cosigned?.(log)
    const signing = await openSignedLog({
      ...signs,
      log: 'index',
      file,
      tree,
      published: published('index'),
    })
    if (!signing.ok) return signing
    const { key, publisher, before } = signing.value
    const issuing = { published: published('issuance'), cosigned: () => cosigned('issuance') }
    const own = { ...signs, ...issuing, file: signing.value.file }
    const issued = await openIssued(own, store.issuanceLog)
    if (!issued.ok) return issued
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
      log: key,
    })
    if (!index.ok) return index
    longWork.end()
    publisher.publish()
    void issued.value.settled()
    opened.push(() => issued.value.settled())
    const log: ServedLog = {
      name: 'index',
      key,
      tree,
      read: (from, limit) => store.index.readRecords(from, limit),
      settled: async () => {
        await publisher.settled()
        await cosigned('index')
      },
    }
    const parts = {
      store,
      index: index.value,
      authority: authority.value,
      inFlight,
      longWork,
      log,
      issuanceLog: issued.value.served,
      verifyIssued: issued.value.verify,
      owned: {
        signed: (name: ServedLog['name']) => readSignedHead(dataDir, name),
        certificates: (pace: Pace) => certificatesOf(store, clock, pace),
      },
      questioned: {
        log: store.index,
        snapshot: () => store.index.snapshot(),
        past: new PastQuestions(store.index, longWork.pace),
      },
    }
    // Here the index itself is asked: what it grants cannot be out of date.
    const record: RecordGranted = (entry, spends) => store.ledger.append(entry, spends)
    const instance = assemble({ ...parts, options, record })
    opened.push(() => instance.clusters.close())
    kept = true
    const unsealIssuers = () => unsealedIssuers(store.authorities, vault.value)
    return ok({
      ...instance,
      inFlight,
      log,
      logKey: formatVerifierKey(key),
      issuanceKey: formatVerifierKey(issued.value.served.key),
      issuanceLog: issued.value.served,
      publishIssued: () => issued.value.served.settled(),
      unsealIssuers,
      [Symbol.asyncDispose]: closeAll,
    })
  } finally {
    if (!kept) await closeAll()
  }
}

/** What is issued meanwhile is left out, and of the index nothing that came after. */
async function certificatesOf(
  { index, issuanceLog, serialScratch }: OwnStore,
  clock: Pick<Clock, 'now'>,
  pace: Pace,
): Promise<Result<AuditedCertificates>> {
  const { size: issued } = await issuanceLog.tree.head()
  return auditCertificates({
    log: index,
    scratch: () => index.scratch(),
    indexSize: await index.size(),
    issued,
    read: (from, limit) => issuanceLog.read(from, limit),
    serials: serialScratch,
    ...{ clock, pace },
  })
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
