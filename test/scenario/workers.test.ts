import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  type CarriedAnswer,
  type CarriedCall,
  carriedCallsWith,
} from '../../src/compose/carried-calls.js'
import { WorkerChannel } from '../../src/compose/worker-channel.js'
import { openWorkerInstance, type WorkerInstance } from '../../src/compose/worker-instance.js'
import type { MainAsks, WorkerAsks } from '../../src/compose/worker-messages.js'
import { workerWritesWith } from '../../src/compose/worker-writes.js'
import type { AttestedFacts } from '../../src/attestation/facts.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import type { Issued } from '../../src/issuance/issue-leaf.js'
import type { Result } from '../../src/core/result.js'
import { seconds, unixSeconds } from '../../src/core/time.js'
import { grantFor } from '../../src/namespace/grant.js'
import { issuanceRecordOf } from '../../src/namespace/issuance-record.js'
import { leafHash } from '../../src/tlog/hash.js'
import { noWitnesses } from '../../src/tlog/policy.js'
import { parseProof, verifyProof } from '../../src/tlog/proof-text.js'
import { parseTilePath } from '../../src/tlog/tile.js'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { openRemoteStore } from '../../src/store/open-store.js'
import type { Command, Outcome } from '../../src/store/sqlite/commands.js'
import { systemRandom } from '../../src/system.js'
import { challengesContract } from '../contract/challenges.contract.js'
import { challenge, leaf, record } from '../contract/given-store.js'
import { issuanceLedgerContract } from '../contract/issuance-ledger.contract.js'
import { joinTokensContract } from '../contract/join-tokens.contract.js'
import { csr as makeCsr } from '../csr/make-csr.js'
import type { FakeClock } from '../support/fake-clock.js'
import { portPair } from '../support/port-pair.js'
import { SqliteStores } from '../support/sqlite-stores.js'
import { codeOf, givenInstallation, type Installation, valueOf, web } from './given-installation.js'

/** Here the main process asks a worker nothing. */
type NotAsked = Pick<MainAsks, 'follow'>
type Commit = (batch: readonly Command[]) => Promise<readonly Outcome[]>

/** A worker and the main process, in one process: what is between them is the real thing. */
class Pair implements AsyncDisposable {
  readonly main: Installation
  worker!: WorkerInstance
  /** Done after the worker has decided, and before the main process hears of it. */
  meanwhile: () => Promise<void> = () => Promise.resolve()
  /** Leaves that the index did not grant in the moment in which they were written. */
  readonly wrong: string[] = []
  written = 0

  /** As a worker sends it, whatever it is. */
  send!: Commit
  carry!: (call: CarriedCall) => Promise<CarriedAnswer>

  private constructor(main: Installation) {
    this.main = main
  }

  static async opened(): Promise<Pair> {
    const pair = new Pair(await givenInstallation())
    await pair.open()
    return pair
  }

  private async open(): Promise<void> {
    const { instance, config, clock } = this.main
    const [ours, theirs] = portPair()
    const writes = workerWritesWith({
      index: instance.index,
      inFlight: instance.inFlight,
      submit: (command) => this.submit(command),
    })
    const commit: Commit = async (batch) => {
      await this.meanwhile()
      return writes(batch)
    }
    const crl = (issuer: string): Promise<Result<Uint8Array>> => instance.operations.crl(issuer)
    new WorkerChannel<NotAsked, WorkerAsks>(ours, 'worker', {
      ...{ commit, crl },
      carry: carriedCallsWith(instance.operations),
    })
    const main = new WorkerChannel<WorkerAsks, NotAsked>(theirs, 'main process', {
      follow: () => Promise.resolve(undefined),
    })
    this.send = (batch) => main.ask('commit', batch)
    this.carry = (call) => main.ask('carry', call)
    this.worker = valueOf(
      await openWorkerInstance({
        config,
        clock,
        random: systemRandom,
        version: '0',
        keys: await instance.unsealIssuers(),
        logKey: instance.logKey,
        issuanceKey: instance.issuanceKey,
        main,
        listeners: () => [],
        observer: { stage: () => undefined, issued: () => undefined },
      }),
    )
  }

  /** The oracle: asks the index itself, with the facts that the leaf was granted for. */
  private submit(command: Command): Promise<Outcome> {
    const { index, store } = this.main.instance
    if (command.op === 'append' && command.entry.entry !== null) {
      this.written += 1
      const facts = JSON.parse(command.entry.evidence) as AttestedFacts
      const grant = grantFor(index.state, facts, this.main.clock.now())
      if (!grant.ok) this.wrong.push(grant.refusal.code)
      else if (grant.value.rev !== command.entry.rev) this.wrong.push('another revision')
    }
    return store.submit(command)
  }

  issue(clock: FakeClock = this.main.clock): Promise<Result<Issued>> {
    return this.worker.issueLeaf({
      csr: makeCsr(),
      evidence: { kind: 'kubernetes', token: this.main.cluster.token('shop', 'web', clock.now()) },
      requestId: 'test',
      caller: new AbortController(),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker[Symbol.asyncDispose]()
    await this.main[Symbol.asyncDispose]()
  }
}

const ofNobody = {
  ...{ entry: null, alias: '', rev: 0, binding: null },
  ...{ policyDigest: null, indexSize: null },
}

describe('a worker', () => {
  let pair: Pair
  beforeEach(async () => {
    pair = await Pair.opened()
  })
  afterEach(() => pair[Symbol.asyncDispose]())

  const inLedger = async (issued: Result<Issued>): Promise<boolean> =>
    (await pair.main.instance.store.ledger.find(valueOf(issued).record.serial)) !== undefined

  it('issues what the main process records, and reads what others have written', async () => {
    expect(await inLedger(await pair.issue())).toBe(true)
    const token = await pair.main.joinToken()
    const once = (): Promise<Result<Issued>> =>
      pair.worker.issueLeaf({
        csr: makeCsr(),
        evidence: { kind: 'join-token', token },
        requestId: 'test',
        caller: new AbortController(),
      })
    expect((await once()).ok).toBe(true)
    expect(codeOf(await once())).toBe('evidence.not-accepted')
  })

  it('shows its certificates in the issuance log of the main process', async () => {
    const { record } = valueOf(await pair.issue())
    const { operations: mains, issuanceKey } = pair.main.instance
    const { operations: its } = pair.worker
    // It signs nothing: the main process does, a moment later.
    expect(codeOf(await its.issuanceProof(record.serial))).toBe('request.not-found')
    const text = valueOf(await mains.issuanceProof(record.serial))
    expect(valueOf(await its.issuanceProof(record.serial))).toBe(text)
    const proof = valueOf(parseProof(Buffer.from(text)))
    expect(proof.extra).toEqual(issuanceRecordOf(record))
    const key = valueOf(parseVerifierKey(issuanceKey))
    expect(verifyProof(proof, leafHash(proof.extra!), key, noWitnesses).ok).toBe(true)
    expect(valueOf(await its.issuanceCheckpoint())).toBe(valueOf(await mains.issuanceCheckpoint()))
    const tile = parseTilePath('tile/entries/000.p/1')!
    expect(valueOf(await its.issuanceTile(tile))).toEqual(valueOf(await mains.issuanceTile(tile)))
  })

  it('does not issue to an entry that was suspended while it decided', async () => {
    pair.meanwhile = async () => {
      pair.meanwhile = () => Promise.resolve()
      await pair.main.change({ op: 'entry.suspend', alias: web })
    }
    expect(codeOf(await pair.issue())).toBe('grant.not-active')
    expect(pair.written).toBe(0)
  })

  it('decides again, and issues, when what changed still grants it', async () => {
    pair.meanwhile = async () => {
      pair.meanwhile = () => Promise.resolve()
      await pair.main.change({ op: 'scope.create', alias: 'shop/eu' })
    }
    expect(await inLedger(await pair.issue())).toBe(true)
    expect(pair.worker.index.state.size).toBe(pair.main.instance.index.state.size)
  })

  it('is not disturbed by changes of other entries', async () => {
    let tries = 0
    pair.meanwhile = async () => {
      const owner = { controller: 'team-shop' }
      await pair.main.change({ op: 'entry.create', alias: `shop/other${tries++}`, owner })
    }
    expect(await inLedger(await pair.issue())).toBe(true)
    expect(tries).toBe(1)
  })

  it('gives up when the index never stands still', async () => {
    let n = 0
    pair.meanwhile = () => pair.main.change({ op: 'scope.create', alias: `shop/s${n++}` })
    await expect(pair.issue()).rejects.toThrow(DependencyError)
    expect(n).toBe(5)
    expect(pair.written).toBe(0)
  })

  it('waits out a change of the entry that is under way', async () => {
    const uid = pair.main.instance.index.state.resolve(web)!.uid
    await pair.main.instance.inFlight.freeze(uid)
    let done = false
    const asked = new Promise<void>((resolve) => {
      pair.meanwhile = () => {
        resolve()
        return Promise.resolve()
      }
    })
    const issuing = pair.issue().then((issued) => {
      done = true
      return issued
    })
    await asked
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect({ done, written: pair.written }).toEqual({ done: false, written: 0 })
    pair.main.instance.inFlight.thaw(uid)
    expect(await inLedger(await issuing)).toBe(true)
    // And leaves again: the next change of the entry does not wait for ever.
    await pair.main.instance.inFlight.freeze(uid)
  })

  it('has the CRLs of the main process, and changes nothing', async () => {
    const [issuer] = pair.worker.authority().issuers
    const crl = async (of: typeof pair.worker): Promise<string> =>
      Buffer.from(valueOf(await of.operations.crl(issuer!.id))).toString('hex')
    expect(await crl(pair.worker)).toBe(
      Buffer.from(valueOf(await pair.main.instance.operations.crl(issuer!.id))).toString('hex'),
    )
    const change = { op: 'entry.suspend', alias: web }
    expect(() => pair.worker.index.change(change)).toThrow(DependencyError)
    await expect(
      pair.worker.operations.change(change, {
        requestId: 'r',
        remote: 'local',
        signal: new AbortController().signal,
        about: () => undefined,
      }),
    ).rejects.toThrow(DependencyError)
  })

  it('has what voters sign prepared and taken in by the main process', async () => {
    const told: object[] = []
    const context = {
      ...{ requestId: 'r', remote: '192.0.2.1', signal: new AbortController().signal },
      about: (detail: object) => void told.push(detail),
    }
    const { operations } = pair.worker
    const asked = { as: 'local', change: { op: 'entry.suspend', alias: web }, why: {} }
    const { drafts } = valueOf(await operations.draftProposals(asked, context))
    expect(drafts).toHaveLength(1)
    expect(told).toEqual([{ alias: web }])
    const envelope = { payload: 'e30=', payloadType: 'a/b', signatures: [{ sig: 'AAAA' }] }
    const said: unknown[] = []
    for (const name of ['submit', 'signedBrake', 'invokeEmergency', 'signedRecovery'] as const) {
      said.push(codeOf(await operations[name]([envelope], context)))
    }
    expect(said.every((code) => typeof code === 'string' && code.startsWith('namespace.'))).toBe(
      true,
    )
    const stranger = { operation: 'change', json: '{}', requestId: 'r', remote: 'local' }
    await expect(pair.carry(stranger as never)).rejects.toThrow('a worker may not ask for this')
  })

  it('may not have anything else written', async () => {
    const { ledger, joinTokens, authorities, recordGranted } = pair.worker.store
    const change = { from: 4, size: 5, meta: '{}', rows: [], map: [] }
    const toIndex: readonly Command[] = [
      { op: 'append-index', records: [record(4)], change },
      { op: 'advance-index', change },
    ]
    const at = pair.main.clock.now()
    const refused = [
      () => ledger.revoke([leaf().serial], { at, reason: 'superseded' }),
      () => ledger.revokeEntry(leaf().entry!, { at, reason: 'superseded' }),
      () => ledger.nextCrlNumber('00112233aabbccdd'),
      () => ledger.prune(at),
      () => joinTokens.withdraw('x'),
      () => authorities.put([]),
      // A leaf of an entry that says nothing of the index it was granted on.
      () => ledger.append(leaf(), []),
      () => ledger.append(leaf({ ...ofNobody, alias: 'shop/web' }), []),
      // What the issuance log would say of it.
      () => ledger.append(leaf({ ...ofNobody, rev: 3 }), []),
      () => ledger.append(leaf({ ...ofNobody, indexSize: 3 }), []),
      () => recordGranted(leaf({ policyDigest: null }), [], 3),
      () => recordGranted(leaf({ policyDigest: '"' }), [], 3),
      () => recordGranted(leaf({ indexSize: null }), [], 3),
      // Of no time that there is: everybody's commit would fail of it.
      () => recordGranted(leaf({ notAfter: unixSeconds(9e15) }), [], 3),
      () => recordGranted(leaf({ notBefore: unixSeconds(-1) }), [], 3),
    ]
    for (const ask of refused) await expect(ask()).rejects.toThrow('a worker may not ask for this')
    for (const outcome of await pair.send(toIndex)) {
      expect(outcome).toEqual({ kind: 'failed', message: 'a worker may not ask for this' })
    }
    await pair.worker.store.challenges.create(challenge())
    await ledger.append(leaf(ofNobody), [])
    await ledger.probe()
  })

  it('never gets a leaf recorded that the index does not grant at that moment', async () => {
    const changes = [
      { op: 'entry.suspend', alias: web },
      { op: 'entry.reactivate', alias: web },
      { op: 'scope.suspend', alias: 'shop' },
      { op: 'scope.reactivate', alias: 'shop' },
      { op: 'entry.update', alias: web, labels: { a: 'b' } },
      { op: 'binding.remove', alias: web, binding: 'prod/shop/web' },
      {
        op: 'binding.add',
        alias: web,
        binding: { kind: 'k8s', cluster: 'prod', namespace: 'shop', serviceAccount: 'web' },
      },
      { op: 'entry.create', alias: 'shop/third', owner: { controller: 'team-shop' } },
    ]
    let issuedCount = 0
    let staleCount = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(changes.length - 1), { maxLength: 3 }), { maxLength: 4 }),
        async (rounds) => {
          for (const undone of [1, 3, 6]) await pair.main.tryChange(changes[undone]!)
          // All of these happen between its decision and the main process's: it has seen none of them.
          const pending = [...rounds]
          pair.meanwhile = async () => {
            // What does not fit the present state is refused, and changes nothing.
            for (const change of pending.shift() ?? []) {
              await pair.main.tryChange(changes[change]!)
            }
          }
          const before = pair.written
          const issued = await pair.issue()
          issuedCount += issued.ok ? 1 : 0
          staleCount += rounds.length > 0 && pending.length < rounds.length - 1 ? 1 : 0
          expect(pair.wrong).toEqual([])
          expect(pair.written - before).toBe(issued.ok ? 1 : 0)
          pair.main.clock.advance(seconds(1))
        },
      ),
      // By chance alone it happens in one run of fifteen.
      { numRuns: 60, examples: [[[[4], []]], [[[0], []]]] },
    )
    expect(issuedCount).toBeGreaterThan(0)
    expect(staleCount).toBeGreaterThan(0)
  })
})

/** The contract of every store, over a connection: what reads is here, what writes is not. */
const stores = new SqliteStores()
afterAll(() => stores[Symbol.asyncDispose]())
const open = stores.opener('inline')
const remote = async () => {
  const { store: owner, reopen } = await open()
  const over = (own: typeof owner, path: string) => {
    const [ours, theirs] = portPair()
    const commit: Commit = (batch) => Promise.all(batch.map((each) => submitTo(own, each)))
    new WorkerChannel<NotAsked, { commit: WorkerAsks['commit'] }>(ours, 'worker', {
      commit,
    })
    const main = new WorkerChannel<WorkerAsks, NotAsked>(theirs, 'main process', {
      follow: () => Promise.resolve(undefined),
    })
    return stores.keep(
      openRemoteStore(path, {
        commit: (batch) => main.ask('commit', batch),
        close: () => Promise.resolve(),
      }),
    )
  }
  const path = stores.lastPath
  const store = over(owner, path)
  return {
    store,
    reopen: async () => {
      await store[Symbol.asyncDispose]()
      return over(await reopen(), path)
    },
  }
}

const submitTo = (store: object, command: Command): Promise<Outcome> =>
  (store as { submit: (command: Command) => Promise<Outcome> }).submit(command)

issuanceLedgerContract('SQLite, another process', remote)
joinTokensContract('SQLite, another process', remote)
challengesContract('SQLite, another process', remote)
