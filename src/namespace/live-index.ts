import { type Alias, ROOT } from '../core/alias.js'
import { DependencyError } from '../core/dependency-error.js'
import { type TrustDomain } from '../core/names.js'
import { type Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import {
  type Clock,
  days,
  plus,
  type RandomBytes,
  unixSeconds,
  type UnixSeconds,
} from '../core/time.js'
import { sha256, type Uid, uidFromDigest } from '../core/uid.js'
import { type ChangeRequest, parseChangeRequest } from './change-request.js'
import { payloadTypes, seal } from './dsse.js'
import { fullEnvelope, normalize } from './envelope.js'
import { decide, foldRecord, mayBeDecided, responsibleGroup, subjectOf } from './fold-record.js'
import { type ChangeClass, soloGroup } from './group.js'
import { describe, type HistoryItem } from './history.js'
import { encodeRecord, type LogRecord } from './log-record.js'
import { type Operation, releasesNames } from './operation.js'
import { type PlannedChange, planDocument } from './plan-document.js'
import { type IndexLog, type IssuedUntil, type StoredRecord, type VoterSigner } from './ports.js'
import { resolveRequest, unknown } from './resolve-request.js'
import { type Scope } from './scope.js'
import { canonicalState, FoldedState, type IndexState, objectDigest } from './state.js'
import {
  type Genesis,
  type Proposal,
  proposalId,
  slotOf,
  statementType,
  type Vote,
  votePredicate,
} from './statements.js'
import { voterKey } from './voter-key.js'

export interface IndexDeps {
  readonly log: IndexLog
  readonly voter: VoterSigner
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
  readonly issued: IssuedUntil
}

/** One committed change. */
export interface Change {
  readonly op: Operation['op']
  readonly alias: Alias
  readonly uid: Uid
  readonly rev: number
  readonly proposal: string
  readonly seq: number
  readonly at: UnixSeconds
  readonly class: ChangeClass
}

/** Records read from the store at a time. */
const CHUNK = 2000
/** Longer than any proposal waits for votes. */
const PROPOSAL_LIFETIME = days(1)

/** The governed namespace of this installation: asked for every grant, changed one record at a time. */
export class LiveIndex {
  private current: FoldedState
  private readonly deps: IndexDeps
  private turn: Promise<unknown> = Promise.resolve()

  private constructor(deps: IndexDeps, state: FoldedState) {
    this.deps = deps
    this.current = state
  }

  /** Makes a solo index: one local voter whose vote passes everything. The log must be empty. */
  static async create(
    deps: IndexDeps,
    { trustDomain, controller }: { readonly trustDomain: TrustDomain; readonly controller: string },
  ): Promise<Result<LiveIndex>> {
    const now = deps.clock.now()
    const key = voterKey(deps.voter.publicKey, now)
    if (!key) return refuse('namespace.malformed', 'the voter key has a small order')
    const genesis: Genesis = {
      v: 1,
      trustDomain,
      group: soloGroup(controller, key),
      envelope: normalize(fullEnvelope),
      created: now,
      nonce: nonce(deps.random),
    }
    const sealed = await seal(payloadTypes.genesis, genesis, deps.voter)
    const root: Omit<Scope, 'head'> = {
      kind: 'scope',
      uid: uidFromDigest('s', sha256(Buffer.from(sealed.digest, 'hex'))),
      alias: ROOT,
      state: 'active',
      rev: 1,
      envelope: genesis.envelope,
      group: genesis.group,
      createdAt: now,
    }
    const record: LogRecord = {
      v: 1,
      seq: 0,
      ts: now,
      epoch: 1,
      kind: 'genesis',
      subject: { uid: root.uid, alias: ROOT },
      rev: 1,
      prev: null,
      chain: null,
      prop: sealed.digest,
      votes: [],
      class: 'structural',
      group: { uid: root.uid, rev: 1 },
      before: null,
      after: objectDigest({ ...root, head: '' }),
    }
    const stored = { seq: 0, bytes: encodeRecord(record), envelopes: [sealed.envelope] }
    const state = new FoldedState()
    const folded = foldRecord(state, stored)
    if (!folded.ok) return folded
    if (!(await deps.log.append(0, [stored]))) {
      return refuse('namespace.exists', 'the index exists', { next: 'capstan status' })
    }
    return ok(new LiveIndex(deps, state))
  }

  /** Replays the log; a record that does not belong there is refused by its number. */
  static async open(deps: IndexDeps): Promise<Result<LiveIndex>> {
    const state = await replay(deps.log)
    return state.ok ? ok(new LiveIndex(deps, state.value)) : state
  }

  get state(): IndexState {
    return this.current
  }

  /** Proposes, votes, and commits one change. Unknown input is fine: it is parsed here. */
  change(value: unknown): Promise<Result<Change>> {
    return this.inTurn(async () => {
      const request = parseChangeRequest(value)
      if (!request.ok) return request
      const changes = await this.commit(this.current, [request.value])
      if (!changes.ok) return changes
      const [change] = changes.value
      return change ? ok(change) : refuse('namespace.malformed', 'nothing to change')
    })
  }

  /** The difference between a document and what is, as changes in the order they would be made. */
  plan(document: unknown): Result<readonly PlannedChange[]> {
    return planDocument(this.current, document)
  }

  /** Makes the difference so: all of it in one commit, or nothing. */
  apply(document: unknown): Promise<Result<readonly Change[]>> {
    return this.inTurn(async () => {
      const planned = planDocument(this.current, document)
      if (!planned.ok) return planned
      if (planned.value.length === 0) return ok([])
      const next = this.current.clone()
      const changes = await this.commit(
        next,
        planned.value.map(({ request }) => request),
      )
      if (changes.ok) this.current = next
      return changes
    })
  }

  /** Every record about the entry, scope or cluster of this alias, oldest first. */
  async history(
    alias: Alias,
  ): Promise<Result<readonly HistoryItem[], Refusal<'namespace.unknown'>>> {
    const { current } = this
    const object =
      alias === ROOT
        ? current.root
        : (current.resolve(alias) ?? current.scopeByAlias(alias) ?? current.clusterByAlias(alias))
    if (!object) return unknown('entry, scope or cluster', alias)
    const items: HistoryItem[] = []
    for (const seq of current.recordsOf(object.uid)) {
      const [stored] = await this.deps.log.read(seq, 1)
      const item = stored && describe(stored)
      if (item) items.push(item)
    }
    return ok(items)
  }

  /** Reads the whole log again, checks every signature, and compares what it says with what is. */
  async verify(): Promise<Result<{ readonly records: number; readonly head: string }>> {
    const again = await replay(this.deps.log)
    if (!again.ok) return again
    if (canonicalState(again.value) !== canonicalState(this.current)) {
      return refuse(
        'namespace.bad-canonical',
        'the log says something else than what is in memory',
        {
          next: 'restart the server, and report this',
        },
      )
    }
    return ok({ records: again.value.size, head: again.value.head })
  }

  /** One change at a time: each is decided on the state that the one before it left. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => undefined)
    return done
  }

  /** Folds the requests into `state`, then writes them. A state that is not ours is dropped on failure. */
  private async commit(
    state: FoldedState,
    requests: readonly ChangeRequest[],
  ): Promise<Result<readonly Change[]>> {
    const { log, issued } = this.deps
    const size = state.size
    const isOwn = state === this.current
    const frozen: Uid[] = []
    try {
      const changes: Change[] = []
      const records: StoredRecord[] = []
      for (const request of requests) {
        const made = await this.propose(state, request, frozen)
        if (!made.ok) return made
        records.push(made.value.stored)
        changes.push(made.value.change)
        // Durable before it is true: a lone change is folded once it is written.
        if (!isOwn) fold(state, made.value.stored)
      }
      if (!(await log.append(size, records))) {
        throw new DependencyError('store', 'the index log was changed by another process')
      }
      if (isOwn) for (const stored of records) fold(state, stored)
      return ok(changes)
    } finally {
      for (const uid of frozen) issued.thaw(uid)
    }
  }

  private async propose(
    state: FoldedState,
    request: ChangeRequest,
    frozen: Uid[],
  ): Promise<Result<{ readonly stored: StoredRecord; readonly change: Change }>> {
    const { voter, clock, random, issued } = this.deps
    const operation = resolveRequest(state, request)
    if (!operation.ok) return operation
    const at = unixSeconds(Math.max(clock.now(), state.at))
    const { op, subject, body } = operation.value
    const before = subjectOf(state, { subject })
    const { uid: groupUid, group } = responsibleGroup(state, { subject })
    const scope = { uid: groupUid, rev: group.rev }
    const proposal: Proposal = {
      v: 1,
      index: state.index,
      op,
      subject,
      body,
      base: before ? { rev: before.rev, head: before.head } : null,
      scope,
      author: { kind: 'voter', id: 'local' },
      ...(request.reason !== undefined && { reason: request.reason }),
      ...(request.ticket !== undefined && { ticket: request.ticket }),
      created: at,
      expires: plus(at, PROPOSAL_LIFETIME),
      nonce: nonce(random),
    }
    const admissible = mayBeDecided(state, proposal, at)
    if (!admissible.ok) return admissible

    // A name changes hands only after what was issued under it: known only while nothing is issued.
    let issuedUntil: UnixSeconds | null | undefined
    if (before?.kind === 'entry' && releasesNames(op)) {
      if (!frozen.includes(before.uid)) frozen.push(before.uid)
      issuedUntil = (await issued.freeze(before.uid)) ?? null
    }
    const sealed = await seal(payloadTypes.proposal, proposal, voter)
    const decided = decide(state, proposal, sealed.digest, { at, issuedUntil: issuedUntil ?? null })
    if (!decided.ok) return decided
    const vote = await seal(payloadTypes.vote, voteFor(proposal, sealed.digest, at), voter)
    const { put } = decided.value.effect
    const record: LogRecord = {
      v: 1,
      seq: state.size,
      ts: at,
      epoch: 1,
      kind: 'commit',
      subject: { uid: put.uid, alias: put.alias },
      rev: put.rev,
      prev: before?.head ?? null,
      chain: state.head,
      prop: sealed.digest,
      votes: [vote.digest],
      class: decided.value.changeClass,
      group: scope,
      before: before ? objectDigest(before) : null,
      after: objectDigest(put),
      ...(issuedUntil !== undefined && { issuedUntil }),
    }
    const stored = {
      seq: state.size,
      bytes: encodeRecord(record),
      envelopes: [sealed.envelope, vote.envelope],
    }
    return ok({
      stored,
      change: {
        op,
        alias: put.alias,
        uid: put.uid,
        rev: put.rev,
        proposal: proposalId(sealed.digest),
        seq: record.seq,
        at,
        class: record.class,
      },
    })
  }
}

function voteFor(proposal: Proposal, digest: string, cast: UnixSeconds): Vote {
  return {
    _type: statementType,
    predicateType: votePredicate,
    subject: [{ name: proposalId(digest), digest: { sha256: digest } }],
    predicate: {
      index: proposal.index,
      scope: proposal.scope,
      slot: slotOf(proposal),
      voter: 'local',
      decision: 'approve',
      seq: 1,
      cast,
    },
  }
}

/** What this process wrote it can read: anything else is a bug, and must not be served on. */
function fold(state: FoldedState, stored: StoredRecord): void {
  const folded = foldRecord(state, stored)
  if (!folded.ok) throw new Error(`own record refused: ${folded.refusal.detail}`)
}

async function replay(log: IndexLog): Promise<Result<FoldedState>> {
  const state = new FoldedState()
  for (;;) {
    const records = await log.read(state.size, CHUNK)
    for (const stored of records) {
      const folded = foldRecord(state, stored)
      if (!folded.ok) return folded
    }
    if (records.length < CHUNK) break
  }
  if (state.size === 0) {
    return refuse('namespace.unknown', 'there is no index', {
      next: 'capstan init --trust-domain NAME',
    })
  }
  return ok(state)
}

const nonce = (random: RandomBytes): string => Buffer.from(random(16)).toString('hex')
