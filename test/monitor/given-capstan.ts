import type { AttestedFacts } from '../../src/attestation/facts.js'
import { ok } from '../../src/core/result.js'
import { minutes, seconds } from '../../src/core/time.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import { InFlight } from '../../src/issuance/in-flight.js'
import {
  type Issued as IssuedLeaf,
  issueLeafWith,
  type IssueRequest,
} from '../../src/issuance/issue-leaf.js'
import { Watch, type WatchDeps } from '../../src/monitor/watch.js'
import type { ShownLogs, WatchMemory } from '../../src/monitor/ports.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { standing } from '../../src/namespace/grant.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { type Ask, shownLogs } from '../../src/reader/shown-logs.js'
import { issuanceLogOperations } from '../../src/server/operations/issuance-log.js'
import { logOperations } from '../../src/server/operations/logs.js'
import type { ServedLog } from '../../src/server/operations/served-log.js'
import type { NoteSigner, SignedTree } from '../../src/tlog/ports.js'
import { noWitnesses } from '../../src/tlog/policy.js'
import { CheckpointPublisher } from '../../src/tlog/publish-checkpoints.js'
import { ScriptedServer } from '../cli/fake-world.js'
import { csr } from '../csr/make-csr.js'
import { Issued } from '../issuance/given-issued.js'
import {
  changesOf,
  clusterFacts,
  k8s,
  owner,
  trustDomain,
  valueOf,
} from '../namespace/given-index.js'
import { FakeClock } from '../support/fake-clock.js'
import { MemoryIndexStore } from '../support/memory-index-store.js'
import { MemoryWatchMemory } from '../support/memory-watch-memory.js'
import { logSigner } from '../support/note-signers.js'
import { countedRandom } from '../support/random.js'
import { newVoter } from '../support/voter.js'

export const signers = {
  index: logSigner(`${trustDomain}/index`),
  issuance: logSigner(`${trustDomain}/issuance`),
}

/** Of every Capstan here: those of one name begin with the same records. */
const voter = newVoter()

/** A Capstan in memory that issues as a real one does, and shows its logs by its own routes. */
export class GivenCapstan {
  readonly clock: FakeClock
  readonly issued: Issued
  readonly index: LiveIndex
  private readonly publishers: readonly CheckpointPublisher[]
  private readonly server: ScriptedServer
  private readonly random = countedRandom('capstan')

  private constructor(issued: Issued, index: LiveIndex, clock: FakeClock) {
    this.clock = clock
    this.issued = issued
    this.index = index
    const { store } = issued
    this.publishers = [
      publisherOf(store.index.tree, signers.index),
      publisherOf(store.issuanceLog.tree, signers.issuance),
    ]
    const settled = (): Promise<void> => this.publish()
    const log: ServedLog = {
      ...{ name: 'index', key: signers.index.key, tree: store.index.tree, settled },
      read: (from, limit) => store.index.readRecords(from, limit),
    }
    const issuanceLog: ServedLog = {
      ...{ name: 'issuance', key: signers.issuance.key, tree: store.issuanceLog.tree, settled },
      read: (from, limit) => store.issuanceLog.read(from, limit),
    }
    const longWork = { pace: () => undefined, end: () => undefined }
    this.server = new ScriptedServer({
      ...logOperations(log, store.index),
      ...issuanceLogOperations({
        ...{ log: issuanceLog, issued: store.issuanceLog, ledger: store.ledger, longWork },
        verify: undefined,
      }),
    })
  }

  static async founded(...requests: readonly ChangeRequest[]): Promise<GivenCapstan> {
    const issued = await Issued.open()
    const clock = new FakeClock()
    const index = valueOf(
      await LiveIndex.create(
        {
          ...{ store: issued.store.index, voter, clock, random: countedRandom('index') },
          issued: new InFlight(issued.ledger),
        },
        { trustDomain, controller: 'platform' },
      ),
    )
    const given = new GivenCapstan(issued, index, clock)
    await given.did(
      { op: 'cluster.register', alias: 'prod', cluster: clusterFacts('prod') },
      { op: 'scope.create', alias: 'shop' },
      {
        op: 'entry.create',
        alias: 'shop/web',
        owner,
        bindings: [k8s('prod', 'shop', 'web')],
      },
      ...requests,
    )
    return given
  }

  get store(): Issued['store'] {
    return this.issued.store
  }

  async did(...requests: readonly ChangeRequest[]): Promise<void> {
    for (const request of requests) changesOf([valueOf(await this.index.change(request))])
  }

  /** Facts that `shop/web` answers to, or another account of its namespace. */
  pod(serviceAccount = 'web'): AttestedFacts {
    const cluster = this.index.state.clusterByAlias('prod' as never)
    if (!cluster) throw new Error('no cluster')
    return {
      ...{ kind: 'k8s', cluster: cluster.uid, namespace: 'shop', serviceAccount },
      ...{ serviceAccountUid: 'u', checked: 'offline' },
    } as const
  }

  /** By the one path to a certificate. */
  issue(
    facts: AttestedFacts = this.pod(),
    request: Partial<IssueRequest> = {},
  ): ReturnType<ReturnType<typeof issueLeafWith>> {
    const { issued, index, clock, random } = this
    return issueLeafWith({
      csrs: { verify: verifyCsr, remember: () => undefined },
      attest: () => Promise.resolve(ok({ facts, spends: [] })),
      index,
      standingOf: standing,
      inFlight: new InFlight(issued.ledger),
      issuer: () => ok(issued.hierarchy.issuer),
      record: (entry, spends) => issued.ledger.append(entry, spends),
      challenges: issued.store.challenges,
      clock,
      random,
      stopwatch: () => () => undefined,
    })({
      csr: csr(),
      evidence: { kind: 'join-token', token: '' },
      requestId: 'r1',
      caller: new AbortController(),
      ...request,
    })
  }

  async mustIssue(...asked: Parameters<GivenCapstan['issue']>): Promise<IssuedLeaf> {
    return valueOf(await this.issue(...asked))
  }

  async publish(): Promise<void> {
    for (const publisher of this.publishers) publisher.publish()
    await Promise.all(this.publishers.map((publisher) => publisher.settled()))
  }

  readonly ask: Ask = async (path, accept) => {
    await this.publish()
    // The dispatcher takes slashes of a tile as they are; this one does not.
    const asked = path.replace(/\/tile\/(.+)$/, (_, tile: string) => {
      return `/tile/${encodeURIComponent(tile)}`
    })
    return this.server.request({ method: 'GET', path: asked, accept })
  }

  /** What it shows by its routes. */
  get shown(): ShownLogs {
    return shownLogs(this.ask)
  }

  /** A monitor of it, or of what it is made to show. */
  monitor(over: Partial<ShownLogs> = {}, deps: Partial<WatchDeps> = {}): Watch {
    const { clock } = this
    return new Watch({
      shown: { ...this.shown, ...over },
      memory: new MemoryWatchMemory(),
      scratch: () => new MemoryIndexStore().scratch(),
      pace: () => undefined,
      clock,
      pause: () => {
        clock.advance(seconds(1))
        return Promise.resolve()
      },
      keys: { index: signers.index.key, issuance: signers.issuance.key },
      rules: { policy: noWitnesses, maxAge: minutes(10) },
      ...deps,
    })
  }

  /** One look of a monitor that remembers what is in `memory`. */
  async look(
    memory: WatchMemory,
    over: Partial<ShownLogs> = {},
    deps: Partial<WatchDeps> = {},
  ): ReturnType<Watch['look']> {
    await using monitor = this.monitor(over, { memory, ...deps })
    const look = await monitor.look()
    await look.remember()
    return look
  }
}

const publisherOf = (tree: SignedTree, signer: NoteSigner): CheckpointPublisher =>
  new CheckpointPublisher({
    ...{ tree, signer, remember: () => Promise.resolve() },
    failed: (error) => {
      throw error
    },
  })
