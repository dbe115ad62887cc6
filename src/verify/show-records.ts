import { open } from '../namespace/dsse.js'
import { changeOf } from '../namespace/history.js'
import { isDeliberation, type LogRecord, readRecord } from '../namespace/log-record.js'
import type { Operation } from '../namespace/operation.js'
import type { IndexLog, Pace, StoredRecord } from '../namespace/ports.js'
import type { StateTables } from '../namespace/state-tables.js'
import { operationOf, proposalId, readProposal, readVote } from '../namespace/statements.js'
import { DependencyError } from '../core/dependency-error.js'
import { toBase64 } from '../tlog/note-text.js'
import type { TileReader } from '../tlog/ports.js'
import { proveInclusion } from '../tlog/prove.js'
import type { TreeHead } from '../tlog/verify-proof.js'
import type { ShownCommit, ShownRecord } from './bundle.js'
import type { Backwards } from './needed-revisions.js'
import { areToBeShown, digestOf } from './verify-evidence.js'

interface Sources {
  readonly log: Pick<IndexLog, 'read'>
  readonly tiles: TileReader
  readonly signed: TreeHead
  readonly proposals: StateTables['proposals']
  /** Of an object that has changed often they are many. */
  readonly pace: Pace
}

/** Records of the log, each with its way to the root of one checkpoint. */
export class ShownRecords {
  readonly #from: Sources
  #done = 0

  constructor(from: Sources) {
    this.#from = from
  }

  async record<R = ShownRecord['record']>(seq: number): Promise<ShownRecord<R>> {
    const { bytes } = await this.#read(seq)
    return { record: jsonOf(bytes) as R, path: await this.#path(seq) }
  }

  /** Those of these records that are wanted: oldest first. */
  async commits(
    records: readonly number[],
    isWanted: (record: LogRecord) => boolean,
  ): Promise<readonly ShownCommit[]> {
    const commits: ShownCommit[] = []
    for (const seq of records) {
      const stored = await this.#read(seq)
      const record = readRecord(stored.bytes)
      if (!record || isDeliberation(record) || !isWanted(record)) continue
      commits.push(await this.#commit(stored, record))
    }
    return commits
  }

  /** Records of the kinds that change an object, the latest first. */
  async *backwards(records: readonly number[]): Backwards {
    for (const seq of records.toReversed()) {
      const stored = await this.#read(seq)
      const record = readRecord(stored.bytes)
      if (!record || isDeliberation(record)) continue
      yield { record, operation: () => this.#operation(stored, record) }
    }
  }

  /** What was proposed, of a change that was. */
  async #operation({ envelopes }: StoredRecord, record: LogRecord): Promise<Operation | undefined> {
    const [first = await this.#proposal(record)] = envelopes
    const statement = first && open(first)
    const proposal = statement && readProposal(statement)
    return proposal && operationOf(changeOf(proposal, record))
  }

  async #proposal(record: LogRecord): Promise<Uint8Array | undefined> {
    const row = this.#from.proposals.get(proposalId(record.prop))
    if (!row) throw lost(`the proposal of record ${record.seq}`)
    return (await this.#read(row.record)).envelopes[0]
  }

  async #commit(stored: StoredRecord, record: LogRecord): Promise<ShownCommit> {
    const path = await this.#path(record.seq)
    if (stored.envelopes.length > 0) {
      const asked = record.kind === 'evidence' ? await this.#askedOf(stored, record) : []
      return { record, path, envelopes: [...stored.envelopes, ...asked].map(envelopeOf) }
    }
    // A change that voters decided about: its statements are beside earlier records.
    const row = this.#from.proposals.get(proposalId(record.prop))
    if (!row) throw lost(`the proposal of record ${record.seq}`)
    const opened = await this.record<NonNullable<ShownCommit['opened']>['record']>(row.record)
    const envelopes = [...(await this.#read(row.record)).envelopes]
    for (const digest of record.votes) {
      const vote = row.votes.find((one) => one.digest === digest)
      if (!vote) throw lost(`a vote of record ${record.seq}`)
      envelopes.push(...(await this.#read(vote.record)).envelopes)
    }
    return { record, path, envelopes: envelopes.map(envelopeOf), opened }
  }

  /** The proposals of two votes against each other, where it takes them to say that they are. */
  async #askedOf({ envelopes }: StoredRecord, { seq }: LogRecord): Promise<readonly Uint8Array[]> {
    const votes = envelopes.map(open).flatMap((one) => (one && readVote(one)) ?? [])
    const [first, second] = votes
    if (!first || !second || !areToBeShown(first, second)) return []
    const asked: Uint8Array[] = []
    for (const vote of votes) {
      const row = this.#from.proposals.get(proposalId(digestOf(vote)))
      if (!row) throw lost(`a proposal of record ${seq}`)
      asked.push(...(await this.#read(row.record)).envelopes)
    }
    return asked
  }

  async #read(seq: number): Promise<StoredRecord> {
    this.#done += 1
    await this.#from.pace({ work: 'look', done: this.#done })
    const [stored] = await this.#from.log.read(seq, 1)
    if (!stored) throw lost(`record ${seq}`)
    return stored
  }

  async #path(seq: number): Promise<readonly string[]> {
    const { path } = await proveInclusion(this.#from.tiles, this.#from.signed, seq)
    return path.map(toBase64)
  }
}

const lost = (what: string): DependencyError => new DependencyError('store', `${what} is gone`)

const jsonOf = (octets: Uint8Array): unknown => JSON.parse(Buffer.from(octets).toString('utf8'))

const envelopeOf = (octets: Uint8Array): ShownCommit['envelopes'][number] =>
  jsonOf(octets) as ShownCommit['envelopes'][number]
