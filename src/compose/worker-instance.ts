import { DependencyError } from '../core/dependency-error.js'
import { ok, type Result } from '../core/result.js'
import { Authority } from '../issuance/authority.js'
import { InFlight } from '../issuance/in-flight.js'
import type { RecordGranted } from '../issuance/ports.js'
import { receivedVault, type UnsealedKeys } from '../keys/received-vault.js'
import { governedElsewhere } from '../namespace/governed-elsewhere.js'
import { parseVerifierKey } from '../tlog/verifier-key.js'
import { indexSnapshot, openIndexReader } from '../store/open-index-reader.js'
import { openRemoteStore, type RemoteStore } from '../store/open-store.js'
import { storePath } from './found.js'
import { assemble, type UseCaseOptions, type UseCases } from './assemble.js'
import { carriedOperations } from './carried-calls.js'
import { LongWork } from './long-work.js'
import { signedAt } from './signed-head-file.js'
import type { WorkerChannel } from './worker-channel.js'
import type { MainAsks, WorkerAsks } from './worker-messages.js'

interface Options extends UseCaseOptions {
  readonly keys: UnsealedKeys
  readonly logKey: string
  readonly issuanceKey: string
  readonly main: Pick<WorkerChannel<WorkerAsks, MainAsks>, 'ask'>
}

/** The use cases of a worker: it reads the data directory that the main process owns. */
export interface WorkerInstance extends UseCases<RemoteStore>, AsyncDisposable {}

/** A refusal leaves what it opened to the end of the process, which is near. */
export async function openWorkerInstance(options: Options): Promise<Result<WorkerInstance>> {
  const { config, keys, main } = options
  const key = parseVerifierKey(options.logKey)
  if (!key.ok) return key
  const issuanceKey = parseVerifierKey(options.issuanceKey)
  if (!issuanceKey.ok) return issuanceKey
  const path = storePath(config.dataDir)
  const store = openRemoteStore(path, {
    commit: (batch) => main.ask('commit', batch),
    close: () => Promise.resolve(),
  })
  const reader = openIndexReader(path)
  const authority = await Authority.open(store.authorities, receivedVault(keys))
  if (!authority.ok) return authority
  const record: RecordGranted = (entry, spends, size) => store.recordGranted(entry, spends, size)
  const useCases = assemble({
    options,
    store,
    index: governedElsewhere(reader, reader.log, options.clock),
    authority: authority.value,
    // Names change hands in the main process, which waits for what is under way there.
    inFlight: new InFlight(store.ledger),
    // Nothing takes long here: that is the main process's work.
    longWork: new LongWork(() => undefined),
    log: {
      name: 'index',
      key: key.value,
      tree: reader.tree,
      read: (from, limit) => reader.log.readRecords(from, limit),
      // Signed by the main process, shortly after a change.
      settled: () => Promise.resolve(),
    },
    issuanceLog: {
      name: 'issuance',
      key: issuanceKey.value,
      signedAt: () => signedAt(config.dataDir, 'issuance'),
      tree: store.issuanceLog.tree,
      read: (from, limit) => store.issuanceLog.read(from, limit),
      settled: () => Promise.resolve(),
    },
    record,
    questioned: { log: reader.log, snapshot: () => indexSnapshot(path) },
  })
  const crl = (issuer: string): Promise<Result<Uint8Array>> => main.ask('crl', issuer)
  return ok({
    ...useCases,
    operations: {
      ...useCases.operations,
      ...carriedOperations((call) => main.ask('carry', call)),
      crl,
    },
    async [Symbol.asyncDispose]() {
      await useCases.clusters.close()
      reader[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  })
}

/** Why a worker cannot serve, for the main process: there is no caller here to be refused. */
export const cannotServe = (detail: string): DependencyError =>
  new DependencyError('worker', detail)
