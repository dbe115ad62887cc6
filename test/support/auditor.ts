import type { StoredRecord } from '../../src/namespace/ports.js'
import { type Any, insist, pae, printsOf, read, sha256, signedBy, weightOf } from './audited.js'

/**
 * Who may have decided what, reckoned from the bytes of a log alone. Shares no code with what wrote
 * it: it reads JSON, verifies signatures and adds weights, and knows nothing of envelopes, names or
 * tables. What it says wrong is thrown.
 */

/* eslint-disable @typescript-eslint/restrict-plus-operands, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- it must not lean on the types of what it audits */
interface Heard {
  readonly digest: string
  readonly statement: Any
}

interface Said {
  readonly voter: string
  readonly seq: number
  readonly decision: string
  readonly raw: Any
}

interface Asked {
  readonly proposal: Any
  /** All of them, in their order: whose one is, its signature says. */
  readonly votes: Said[]
  readonly record: number
  readonly head: string
  /** Of each class, when votes first carried a change of it. */
  readonly carried: Map<string, number>
}

const CLASSES = ['narrowing', 'routine', 'sensitive', 'structural', 'emergency']

export class Auditor {
  /** Group of each scope that has one; by uid. */
  private readonly groups = new Map<string, Any>()
  private readonly aliases = new Map<string, string>()
  private readonly asked = new Map<string, Asked>()
  private readonly heads = new Map<string, string>()
  private readonly revs = new Map<string, number>()
  private readonly over = new Set<string>()
  private index = ''
  private last = ''
  private at = 0
  private between = ''
  /** Of each scope's braked voters, by the thumbprints of their keys: until when. */
  private readonly braked = new Map<string, Map<string, number>>()
  /** When each voter of a scope used the brake. */
  private readonly used = new Map<string, number[]>()
  commits = 0
  brakes = 0
  recoveries = 0
  emergencies = 0
  ratified = 0
  /** Uses of each grant of a group at a revision: when, until when, and whether voters said yes. */
  private readonly grants = new Map<string, Any[]>()
  /** What a recovery set of a scope said last, while it is neither over nor stopped. */
  private readonly begun = new Map<string, Any>()
  /** Until when the voters of a scope who stopped one are left in peace. */
  private readonly peace = new Map<string, number>()

  hear({ seq, bytes, envelopes }: StoredRecord): void {
    const record = read(bytes)
    const hash = sha256(Uint8Array.of(0), bytes)
    insist(record.seq === seq, 'a number out of order')
    insist((record.chain ?? '') === this.last, 'a record that does not follow')
    insist(record.ts >= this.at, 'time that goes back')
    const heard = envelopes.map((octets): Heard & { envelope: Any } => {
      const envelope = read(octets)
      const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'))
      return { envelope, statement, digest: sha256(pae(envelope)) }
    })
    if (record.kind === 'genesis') this.genesis(record, heard[0])
    else if (record.kind === 'commit') this.commit(record, heard)
    else if (record.kind === 'evidence') this.evidence(record, heard)
    else if (record.kind === 'brake') this.brake(record, heard)
    else if (record.kind.startsWith('recovery-')) this.recovery(record, heard)
    else if (record.kind === 'emergency') this.emergency(record, heard)
    else if (record.kind === 'drill') this.emergency(record, heard)
    else this.deliberation(record, heard[0], hash)
    if (record.rev !== undefined) {
      insist((record.prev ?? null) === (this.heads.get(record.subject.uid) ?? null), 'a gap')
      insist(record.rev === (this.revs.get(record.subject.uid) ?? 0) + 1, 'a revision left out')
      insist((record.before === null) === (record.rev === 1), 'a first revision of what there was')
      this.heads.set(record.subject.uid, hash)
      this.revs.set(record.subject.uid, record.rev)
    }
    this.last = hash
    this.at = record.ts
  }

  groupOf(scope: string): Any {
    return this.groups.get(scope)
  }

  private genesis(record: Any, heard: Any): void {
    const { statement, envelope, digest } = heard
    insist(signedBy(envelope, statement.group.voters[0].keys), 'a genesis that nobody signed')
    this.index = digest
    this.groups.set(record.subject.uid, statement.group)
    this.aliases.set(record.subject.uid, '')
  }

  private deliberation(record: Any, { statement, envelope, digest }: Any, hash: string): void {
    insist(digest === record.says, 'a statement that is not the one named')
    insist(!this.over.has(record.prop), 'a word about what is over')
    if (record.kind === 'open') {
      insist(statement.index === this.index, 'a proposal for another index')
      insist(record.ts <= statement.expires, 'a proposal opened too late')
      this.asked.set(digest, {
        proposal: statement,
        votes: [],
        record: record.seq,
        head: hash,
        carried: new Map(),
      })
      return
    }
    if (record.kind === 'withdrawal') {
      this.over.add(record.prop)
      return
    }
    const asked = this.asked.get(record.prop)
    insist(asked !== undefined, 'a vote about nothing')
    if (!asked) return
    const { predicate, subject } = statement
    insist(subject[0].digest.sha256 === record.prop, 'a vote about something else')
    insist(predicate.index === this.index, 'a vote of another index')
    insist(predicate.log.size === asked.record + 1, 'a vote from elsewhere')
    insist(predicate.log.head === asked.head, 'a vote on another log')
    const { voter, seq, decision } = predicate
    asked.votes.push({ voter, seq, decision, raw: envelope })
    for (const name of CLASSES) {
      const isFirst = !asked.carried.has(name)
      if (isFirst && this.wants(asked, name, record.ts) === undefined) {
        asked.carried.set(name, record.ts)
      }
    }
  }

  /** What votes lack to carry a change of a class, in every group that is asked; undefined: nothing. */
  private wants({ proposal, votes }: Asked, changeClass: string, at: number): string | undefined {
    const { uid } = proposal.scope
    const group = this.groups.get(uid)
    const lacks = this.lacks(group, votes, changeClass, this.free(uid, at))
    if (lacks !== undefined || proposal.op !== 'group.set') return lacks
    const subject = proposal.subject.uid
    const own = this.groups.get(subject)
    const isOwnMatter = !own || own === group
    const free = this.free(subject, at)
    return isOwnMatter ? this.lacks(proposal.body.group, votes, changeClass, free) : undefined
  }

  private commit(record: Any, heard: readonly Any[]): void {
    this.commits += 1
    const atOnce = heard.length > 0
    const proposal = atOnce ? heard[0].statement : this.asked.get(record.prop)?.proposal
    insist(proposal !== undefined, 'a change that nobody proposed')
    insist(!this.over.has(record.prop), 'a change that was made twice, or is over')
    const parts = proposal.op === 'changes' ? proposal.body.changes.length : 1
    if (record.part === undefined || record.part === parts - 1) this.over.add(record.prop)
    insist(
      record.part === undefined ||
        record.part === 0 ||
        this.between === `${record.prop} ${record.part - 1}`,
      'something between changes that are made together',
    )
    this.between = `${record.prop} ${record.part}`
    const group = this.groups.get(proposal.scope.uid)
    insist(group !== undefined, 'a scope without voters that decides')
    insist(group.rev === proposal.scope.rev, 'votes of a group that is not any more')
    const above = this.aliases.get(proposal.scope.uid) ?? 'nowhere'
    insist(
      above === '' ||
        `${record.subject.alias}/`.startsWith(`${above}/`) ||
        proposal.op === 'entry.rename',
      'a scope that decides about what is not in it',
    )
    if (atOnce) {
      insist(group.solo, 'one voter who decides for several')
      insist(signedBy(heard[1].envelope, group.voters[0].keys), 'a vote that nobody signed')
    } else {
      const asked = this.asked.get(record.prop)
      insist(asked !== undefined, 'a change that nobody was asked about')
      if (!asked) return
      const lacks = this.wants(asked, record.class, record.ts)
      insist(lacks === undefined, lacks ?? '')
      const since = asked.carried.get(record.class)
      const wait = group.timelock?.[record.class] ?? 0
      insist(since !== undefined && record.ts >= since + wait, 'a change before its time')
    }
    if (proposal.op === 'group.set') {
      const before = this.groups.get(record.subject.uid)
      const rev = (before?.rev ?? 0) + 1
      const total = weightOf(proposal.body.group)
      for (const name of ['routine', 'sensitive', 'structural']) {
        insist(2 * proposal.body.group.threshold[name] > total, 'halves that decide apart')
      }
      this.groups.set(record.subject.uid, { ...proposal.body.group, rev })
      this.begun.delete(record.subject.uid)
      this.peace.delete(record.subject.uid)
      const kept = new Set(proposal.body.group.voters.flatMap(printsOf))
      const braked = this.braked.get(record.subject.uid)
      for (const print of braked?.keys() ?? []) if (!kept.has(print)) braked?.delete(print)
    }
    if (proposal.op === 'emergency.ratify') {
      const uses = [...this.grants.values()].flat()
      const use = uses.find(({ seq }: Any) => seq === proposal.body.use)
      insist(use !== undefined && !use.ratified, 'a yes to no use')
      insist(record.ts < use.at + 86_400, 'a yes that came too late')
      use.ratified = true
      this.ratified += 1
    }
    if (proposal.op === 'voter.reinstate') {
      const voter = group.voters.find(({ id }: Any) => id === proposal.body.voter)
      for (const print of printsOf(voter)) this.braked.get(record.subject.uid)?.delete(print)
    }
    if (record.subject.uid.startsWith('s'))
      this.aliases.set(record.subject.uid, record.subject.alias)
  }

  /** By weight and people of those who approve, and whose signatures are theirs. */
  private lacks(
    group: Any,
    votes: readonly Said[],
    changeClass: string,
    isFree: (voter: Any) => boolean,
  ): string | undefined {
    const yes = group.voters.filter(
      (voter: Any) =>
        voter.status === 'active' &&
        isFree(voter) &&
        latestOf(voter, votes)?.decision === 'approve',
    )
    const weight = yes.reduce((sum: number, voter: Any) => sum + voter.weight, 0)
    const people = new Set(yes.map((voter: Any) => voter.controller)).size
    if (weight < group.threshold[changeClass]) return `a ${changeClass} change without the votes`
    const enough = people >= group.minControllers[changeClass]
    return enough ? undefined : `a ${changeClass} change of too few people`
  }

  /** Is no brake on a voter of a scope? */
  private free(scope: string, at: number): (voter: Any) => boolean {
    const braked = this.braked.get(scope)
    return (voter) => printsOf(voter).every((print) => at >= (braked?.get(print) ?? 0))
  }

  private brake(record: Any, heard: readonly Any[]): void {
    this.brakes += 1
    const [{ statement, digest }] = heard as [Any]
    insist(record.class === 'emergency' && record.prop === digest, 'a brake that is something else')
    insist(statement.index === this.index, 'a brake for another index')
    insist(statement.base.head === this.heads.get(record.subject.uid), 'a brake on another base')
    insist(record.ts <= statement.expires, 'a brake used too late')
    const { uid, rev } = statement.scope
    const group = this.groups.get(uid)
    insist(group?.rev === rev, 'a brake of another group')
    const above = this.aliases.get(uid) ?? 'nowhere'
    insist(
      above === '' || `${record.subject.alias}/`.startsWith(`${above}/`),
      'a brake on what is elsewhere',
    )
    const isFree = this.free(uid, record.ts)
    const by = group.voters.filter(
      (voter: Any) =>
        voter.status === 'active' &&
        isFree(voter) &&
        heard.some(({ envelope }) => signedBy(envelope, voter.keys)),
    )
    insist(by.length === heard.length, 'a brake by who may not')
    const weight = by.reduce((sum: number, voter: Any) => sum + voter.weight, 0)
    insist(weight >= group.threshold.emergency, 'a brake by too few')
    for (const { id } of by) {
      const key = `${uid} ${id}`
      const used = (this.used.get(key) ?? []).filter((at) => at > record.ts - 604_800)
      insist(group.solo === true || used.length < group.brake.perWeek, 'too many brakes')
      this.used.set(key, [...used, record.ts])
    }
    insist(group.solo === true || statement.ttl <= group.brake.ttl, 'a brake that is too long')
    if (statement.voter === undefined) return
    insist(uid === record.subject.uid, 'a brake on a voter of another group')
    const voter = group.voters.find(({ id }: Any) => id === statement.voter)
    const braked = this.braked.get(uid) ?? new Map<string, number>()
    for (const print of printsOf(voter)) braked.set(print, record.ts + statement.ttl)
    this.braked.set(uid, braked)
  }

  private emergency(record: Any, heard: readonly Any[]): void {
    const [{ statement, digest }] = heard as [Any]
    insist(digest === record.prop && statement.index === this.index, 'another use than was signed')
    insist((statement.drill === true) === (record.kind === 'drill'), 'a drill that does something')
    const { uid, rev } = statement.scope
    const group = this.groups.get(uid)
    insist(group?.rev === rev, 'a grant of another group')
    insist(statement.subject.uid.startsWith('e'), 'a grant used on what is no entry')
    const head = this.heads.get(statement.subject.uid)
    insist(statement.base.head === head, 'a grant used on another base')
    const grant = group.emergency?.grants.find(({ name }: Any) => name === statement.grant)
    insist(grant !== undefined, 'a grant that nobody voted about')
    insist(grant.acts.includes(statement.act), 'a grant used for something else')
    const isIn = grant.under === '' || `${record.subject.alias}/`.startsWith(`${grant.under}/`)
    insist(isIn && statement.ttl <= Math.min(grant.longest, 14_400), 'a grant used beyond itself')
    const isFree = this.free(uid, record.ts)
    const named = [
      ...group.voters.filter((one: Any) => one.status === 'active' && isFree(one)),
      ...(group.emergency.holders ?? []),
    ].filter(({ id }: Any) => grant.who.includes(id))
    const by = named.filter(({ keys }: Any) =>
      heard.some(({ envelope }) => signedBy(envelope, keys)),
    )
    const people = new Set(by.map(({ controller }: Any) => controller)).size
    insist(by.length === heard.length && people >= grant.threshold, 'a grant used by who may not')
    const key = `${uid} ${JSON.stringify(Object.entries(grant).sort())}`
    const uses = this.grants.get(key) ?? []
    insist(uses.length < grant.uses, 'a grant used too often')
    for (const { at, until, ratified } of uses) {
      insist(record.ts >= until + grant.coolDown, 'a grant used too soon')
      insist(ratified === true || record.ts < at + 86_400, 'a grant used though nobody said yes')
    }
    if (record.kind === 'drill') return
    this.emergencies += 1
    insist(record.class === 'emergency', 'a use that is something else')
    const until = record.ts + statement.ttl
    this.grants.set(key, [...uses, { seq: record.seq, at: record.ts, until, ratified: false }])
  }

  private recovery(record: Any, heard: readonly Any[]): void {
    this.recoveries += 1
    const { uid } = record.subject
    const group = this.groups.get(uid)
    const [{ statement, digest }] = heard as [Any]
    insist(digest === record.prop, 'a recovery that is something else')
    insist(statement.index === this.index, 'a recovery of another index')
    insist(statement.subject.uid === uid && record.group.uid === uid, 'a recovery of elsewhere')
    insist(statement.from === group?.rev, 'a recovery of another group')
    const begun = this.begun.get(uid)
    if (record.kind === 'recovery-cancel') {
      insist(begun?.digest === statement.recovery, 'a no to nothing')
      const by = group.voters.filter(
        (voter: Any) =>
          voter.status === 'active' && heard.some(({ envelope }) => signedBy(envelope, voter.keys)),
      )
      const weight = by.reduce((sum: number, voter: Any) => sum + voter.weight, 0)
      const least = group.brake ? group.threshold.emergency : 1
      insist(by.length === heard.length && weight >= least, 'a no by who may not')
      this.begun.delete(uid)
      this.peace.set(uid, record.ts + 604_800 + (group.timelock?.structural ?? 0))
      return
    }
    const { holders, threshold, delay } = group.recovery
    const by = holders.filter(({ keys }: Any) =>
      heard.some(({ envelope }) => signedBy(envelope, keys)),
    )
    insist(by.length === heard.length && by.length >= threshold, 'a recovery by too few')
    if (record.kind === 'recovery-start') {
      insist(statement.base.head === this.heads.get(uid), 'a recovery on another base')
      insist(record.ts <= statement.expires, 'a recovery that was signed long ago')
      insist(!begun || record.ts >= begun.at + delay + 604_800, 'two recoveries at a time')
      insist(record.ts >= (this.peace.get(uid) ?? 0), 'no peace')
      this.begun.set(uid, { digest, at: record.ts })
      return
    }
    insist(begun?.digest === digest, 'a recovery that was not begun, or was stopped')
    insist(record.ts >= begun.at + delay, 'a recovery too early')
    insist(record.ts < begun.at + delay + 604_800, 'a recovery too late')
    const out = new Set(
      group.voters.filter((one: Any) => one.status === 'suspended').flatMap(printsOf),
    )
    const voters = statement.group.voters.map((one: Any) =>
      printsOf(one).some((print) => out.has(print)) ? { ...one, status: 'suspended' } : one,
    )
    this.groups.set(uid, {
      ...statement.group,
      voters,
      recovery: group.recovery,
      rev: group.rev + 1,
    })
    const kept = new Set(statement.group.voters.flatMap(printsOf))
    const braked = this.braked.get(uid)
    for (const print of braked?.keys() ?? []) if (!kept.has(print)) braked?.delete(print)
    this.begun.delete(uid)
  }

  private evidence(record: Any, heard: readonly Any[]): void {
    const group = this.groups.get(record.subject.uid)
    const [a, b] = heard.map(({ statement }) => statement.predicate)
    insist(a.voter === b.voter, 'votes of two')
    for (const { statement } of heard) {
      const digest = statement.subject[0].digest.sha256
      const asked = this.asked.get(digest)
      insist(asked !== undefined && !this.over.has(digest), 'evidence about what does not wait')
      insist(asked?.proposal.scope.uid === record.subject.uid, 'evidence of another scope')
      insist(asked?.proposal.scope.rev === group.rev, 'evidence of another revision')
    }
    const voter = group.voters.find(({ id }: Any) => id === a.voter)
    insist(
      heard.every(({ envelope }) => signedBy(envelope, voter.keys)),
      'votes that are not theirs',
    )
    this.groups.set(record.subject.uid, {
      ...group,
      voters: group.voters.map((one: Any) =>
        one === voter ? { ...one, status: 'suspended' } : one,
      ),
    })
  }
}

/** What a voter said last, in votes that their own keys signed. */
function latestOf(voter: Any, votes: readonly Said[]): Said | undefined {
  const own = votes.filter((vote) => vote.voter === voter.id && signedBy(vote.raw, voter.keys))
  own.forEach(({ seq }, at) => {
    insist(at === 0 || seq > (own[at - 1]?.seq ?? 0), 'a vote heard twice')
  })
  return own.at(-1)
}
/* eslint-enable @typescript-eslint/restrict-plus-operands, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- the end of the file */
