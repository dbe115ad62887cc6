import { expect } from '@jest/globals'
import { type Alias, ROOT } from '../../src/core/alias.js'
import type { Result } from '../../src/core/result.js'
import { plus, type Seconds, seconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { responsibleFor } from '../../src/namespace/decide.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import type { Group } from '../../src/namespace/group.js'
import { LiveIndex, type Submission } from '../../src/namespace/live-index.js'
import { readRecord } from '../../src/namespace/log-record.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { resolveRequest } from '../../src/namespace/resolve-request.js'
import { canonicalState } from '../../src/namespace/state.js'
import { proposalId } from '../../src/namespace/statements.js'
import { brakeStatement, signedBrake } from '../namespace/given-brake.js'
import { trustDomain, valueOf } from '../namespace/given-index.js'
import { handSigned } from '../namespace/given-proposal.js'
import { keyed, stateRows } from '../namespace/state-rows.js'
import { Auditor } from '../support/auditor.js'
import { LimitsAuditor } from '../support/limits-auditor.js'
import { MortalIndex, type MortalStore } from '../support/mortal-index.js'
import { groupOf } from '../support/voters.js'
import { mapRoot } from '../tlog/reference-map.js'
import { cancellation, incidentTerms, ratification, recovery, use } from './given-incident-steps.js'
import { bundleOf, documentOf } from './given-together.js'
import {
  isDuplicate,
  people,
  type Step,
  stranger,
  timelockOf,
  votersOf,
} from './given-voters-steps.js'

const LIMITS = ['rule', 'split', 'guard', 'envelope', 'binding', 'cluster']

const ENDINGS = ['committed', 'rejected', 'withdrawn', 'vetoed', 'stale', 'expired']

/** Walks through the steps, and checks after each what must always hold. */
export class Walk {
  readonly index: MortalIndex
  private live: LiveIndex
  private readonly auditor = new Auditor()
  private readonly limits = new LimitsAuditor()
  private heard = 0
  private isRepeated = false
  /** What happened, for the run to mean something. */
  readonly seenOf = {
    ...{ brakes: 0, deliberated: 0, signed: 0, together: 0, limits: 0, deaths: 0 },
    ...{ recoveries: 0, finished: 0, uses: 0, ratified: 0 },
  }
  /** Numbers of the records of what grants gave. */
  private readonly uses: number[] = []
  /** State roots, by the size of the log. */
  private readonly roots = new Map<number, Uint8Array>()
  private readonly seen: string[] = []
  private readonly votes: Uint8Array[] = []
  private readonly ended = new Map<string, string>()
  /** The last number of each person about each proposal, as they remember it themselves. */
  private readonly numbers = new Map<string, number>()

  private constructor(index: MortalIndex, live: LiveIndex) {
    this.index = index
    this.live = live
  }

  /** A new solo index with these changes made. */
  static async begin(mortal: MortalStore, ...requests: readonly ChangeRequest[]): Promise<Walk> {
    const index = new MortalIndex(mortal)
    const about = { trustDomain, controller: 'platform' }
    const live = valueOf(await LiveIndex.create(index.deps, about))
    for (const request of requests) valueOf(await live.change(request))
    return new Walk(index, live)
  }

  /** What is asked for, and asked for again where the store died over it. */
  private async ask<T>(work: (live: LiveIndex) => Promise<T>): Promise<T> {
    this.isRepeated = false
    try {
      return await work(this.live)
    } catch (error) {
      if (!this.index.mortal.isDead) throw error
      this.seenOf.deaths += 1
      this.isRepeated = true
      await this.restart()
      return work(this.live)
    }
  }

  /** What the store left is a whole log, and tables, tree and map of it. */
  private async restart(): Promise<void> {
    await this.index.mortal.reopen()
    this.live = valueOf(await LiveIndex.open(this.index.deps))
    valueOf(await this.live.verify())
  }

  async take(step: Step): Promise<void> {
    const { clock } = this.index
    switch (step.do) {
      case 'propose':
        this.note(await this.ask((live) => live.change(step.request)))
        break
      case 'sign':
        await this.sign(step)
        break
      case 'together':
        await this.together(step)
        break
      case 'die':
        this.index.mortal.dieAt(step.at)
        break
      case 'group': {
        const { state } = this.live
        const voters = step.members.map((at) => people[at]!.voter(state.index, state.at))
        const group = groupOf(voters, {
          ...(step.timelock > 0 && { timelock: timelockOf(seconds(step.timelock)) }),
          ...(step.alias === '' && incidentTerms(state)),
        })
        const intervene = step.intervene && { intervene: true }
        const request = { op: 'group.set', alias: step.alias, group, ...intervene }
        this.note(await this.ask((live) => live.change(request)))
        break
      }
      case 'vote':
        await this.vote(step)
        break
      case 'withdraw': {
        const view = await this.pick(step.which)
        if (view?.proposal) {
          const by = people[step.who]!
          const withdrawal = by.envelope(payloadTypes.withdrawal, {
            v: 1,
            index: view.proposal.index,
            proposal: view.digest,
            author: view.proposal.author,
            at: clock.now(),
          })
          await this.submit(withdrawal)
        }
        break
      }
      case 'accuse': {
        const pair = [step.a, step.b].map((at) => this.votes[at % Math.max(1, this.votes.length)])
        const both = pair.filter((vote) => vote !== undefined)
        if (both.length === 2) await this.submit(...both)
        break
      }
      case 'replay': {
        const vote = this.votes[step.which % Math.max(1, this.votes.length)]
        if (vote) await this.submit(vote)
        break
      }
      case 'brake':
        await this.brake(step)
        break
      case 'wait':
        clock.set(plus(clock.now(), step.seconds as Seconds))
        await this.ask((live) => live.settle())
        break
      case 'recover': {
        const { state } = this.live
        const ids = state.root.group?.voters.map(({ id }) => id) ?? []
        const next = (ids.includes('dan') ? [0, 1, 2] : [3, 7, 8]).map((at) => people[at]!)
        const signed = recovery(state, step, next, clock.now())
        const done = await this.ask((live) => live.submitRecovery(signed))
        if (step.isForged || step.by.length < 2) expect(done.ok).toBe(false)
        if (done.ok) this.seenOf.recoveries += 1
        if (done.ok) expect((await this.live.submitRecovery(signed)).ok).toBe(false)
        break
      }
      case 'cancel': {
        const signed = cancellation(this.live.state, people[step.who]!, clock.now())
        await this.ask((live) => live.submitRecovery(signed))
        break
      }
      case 'finish': {
        const done = await this.ask((live) => live.finishRecovery(ROOT))
        if (done.ok) this.seenOf.finished += 1
        break
      }
      case 'use': {
        const signed = use(this.live.state, step, people, clock.now())
        if (!signed) break
        const done = await this.ask((live) => live.invokeEmergency(signed))
        if (step.by === 'forged') expect(done.ok).toBe(false)
        if (!done.ok) break
        this.uses.push(done.value.seq)
        expect((await this.live.invokeEmergency(signed)).ok).toBe(false)
        break
      }
      case 'ratify': {
        const last = this.uses.at(-1)
        if (last === undefined) break
        const made = await this.ask((live) => live.change(ratification(last)))
        this.note(made)
        if (!made.ok || made.value.kind !== 'waits') break
        const id = made.value.proposal
        for (const by of people.slice(0, 3)) {
          const view = valueOf(await this.live.proposal(id))
          if (view.standing !== 'open') break
          const vote = by.vote(view, 'approve', clock.now())
          this.votes.push(vote)
          const submitted = await this.submit(vote)
          if (submitted.ok || this.isRepeated)
            this.numbers.set(`${by.controller} ${by.id} ${id}`, 1)
        }
        break
      }
      case 'crash':
        await this.restart()
        break
    }
    await this.check()
  }

  private submit(...envelopes: readonly Uint8Array[]): Promise<Result<Submission>> {
    return this.ask((live) => live.submit(envelopes))
  }

  /** A proposal by somebody's own key, as no command of ours would make it. */
  private async sign({ who: at, request, how }: Extract<Step, { do: 'sign' }>): Promise<void> {
    const { state } = this.live
    const operation = resolveRequest(state, request)
    if (!operation.ok) return
    const by = how === 'forged' ? stranger : people[at]!
    const { uid, group } = responsibleFor(state, operation.value)
    const more = {
      ...(how === 'other-index' && { index: 'f'.repeat(64) }),
      ...(how === 'other-base' && { base: { rev: 1000, head: 'a'.repeat(64) } }),
      ...(how === 'other-scope' && { scope: { uid, rev: group.rev + 1 } }),
    }
    const envelope = handSigned(state, by, operation.value, { at: this.index.clock.now(), ...more })
    const opened = await this.submit(envelope)
    if (how !== 'none' && how !== 'again') expect(opened.ok).toBe(false)
    if (how === 'again') expect((await this.live.submit([envelope])).ok).toBe(false)
    if (!opened.ok) return
    this.seen.push(opened.value.proposal.id)
    this.seenOf.signed += 1
  }

  /** Several changes that are decided as one, by a document or by somebody's own key. */
  private async together({ requests, who: at }: Extract<Step, { do: 'together' }>): Promise<void> {
    if (at === undefined) {
      const made = await this.ask((live) => live.apply(documentOf(requests)))
      if (!made.ok) return
      for (const one of made.value) if (one.kind === 'waits') this.seen.push(one.proposal)
      if (made.value.some(({ kind }) => kind === 'waits')) this.seenOf.together += 1
      return
    }
    const operation = bundleOf(this.live.state, requests)
    if (!operation) return
    const { state } = this.live
    const envelope = handSigned(state, people[at]!, operation, { at: this.index.clock.now() })
    const opened = await this.submit(envelope)
    if (!opened.ok) return
    this.seen.push(opened.value.proposal.id)
    this.seenOf.together += 1
  }

  private async brake({ who: at, on, ttl, how }: Extract<Step, { do: 'brake' }>): Promise<void> {
    const { state } = this.live
    const name = on.alias as Alias
    const found =
      on.alias === '' ? state.root : (state.entryByAlias(name) ?? state.scopeByAlias(name))
    if (!found) return
    const by = people[at]!
    const now = this.index.clock.now()
    const voters = [by.id]
    const said = { ...brakeStatement(state, voters, on, now), ttl: seconds(ttl) }
    const envelopes = signedBrake([how === 'forged' ? stranger : by], said)
    const first = await this.ask((live) => live.submitBrake(envelopes))
    if (how === 'forged') expect(first.ok).toBe(false)
    if (how === 'again') expect((await this.live.submitBrake(envelopes)).ok).toBe(false)
    if (first.ok) this.seenOf.brakes += 1
  }

  private note(made: Awaited<ReturnType<LiveIndex['change']>>): void {
    if (made.ok && made.value.kind === 'waits') this.seen.push(made.value.proposal)
  }

  private async pick(which: number): Promise<ProposalView | undefined> {
    // Mostly what waits, and now and then what is over.
    const waiting = this.live.proposals().map(({ id }) => id)
    const among = waiting.length > 0 && which % 8 > 0 ? waiting : this.seen
    const id = among[which % Math.max(1, among.length)]
    return id === undefined ? undefined : valueOf(await this.live.proposal(id))
  }

  private async vote({
    which,
    who: at,
    decision,
    how,
  }: Extract<Step, { do: 'vote' }>): Promise<void> {
    const view = await this.pick(which)
    if (!view?.open) return
    const by = how === 'forged' ? stranger : people[at]!
    const mine = `${by.controller} ${by.id} ${view.id}`
    const before = this.numbers.get(mine) ?? 0
    const seq = how === 'same-seq' && before > 0 ? before : before + 1
    const cast = this.index.clock.now()
    const vote = by.vote(view, decision, cast, { seq })
    this.votes.push(vote)
    const submitted = await this.submit(vote)
    if (how === 'forged') expect(submitted.ok).toBe(false)
    // Its store died, and it was written for all that.
    const isThere = !submitted.ok && this.isRepeated && isDuplicate(submitted)
    if (how !== 'forged' && (submitted.ok || isThere)) this.numbers.set(mine, seq)
    // Whoever counts their own votes is not kept from voting by anybody else's.
    if (how === 'next' && !isThere) expect(isDuplicate(submitted)).toBe(false)
    if (how === 'again') expect((await this.live.submit([vote])).ok).toBe(false)
  }

  private async check(): Promise<void> {
    const { store } = this.index.deps
    // The auditor hears every record once, as it comes, and throws at what must not be.
    for (const stored of await store.read(this.heard, 1000)) {
      this.auditor.hear(stored)
      this.limits.hear(stored)
      this.hear(stored)
      this.heard += 1
    }
    const { size, state } = await store.tree.head()
    if (state) this.roots.set(size, state)
    for (const { id } of this.live.proposals()) if (!this.seen.includes(id)) this.seen.push(id)
    for (const id of this.seen) {
      const { standing } = valueOf(await this.live.proposal(id))
      const before = this.ended.get(id)
      // What is over stays over, and in the same way: expired or stale of itself, and then so noted.
      if (before !== undefined) expect([before, 'stale', 'expired']).toContain(standing)
      if (before !== undefined) expect(ENDINGS).toContain(standing)
      if (ENDINGS.includes(standing)) this.ended.set(id, standing)
    }
    for (const scope of this.live.state.scopes.values()) {
      if (!scope.group) continue
      // Who decides is who the auditor heard of: no record puts others in their place.
      expect(votersOf(scope.group)).toEqual(votersOf(this.auditor.groupOf(scope.uid) as Group))
      if (scope.group.solo) continue
      const active = scope.group.voters.filter(({ status }) => status === 'active')
      const most = Math.max(0, ...active.map(({ weight }) => weight))
      expect(most).toBeLessThan(scope.group.threshold.routine)
    }
  }

  /** Nothing is made of what was over before, however it ended. */
  private hear({ seq, bytes, envelopes }: StoredRecord): void {
    const record = readRecord(bytes)
    if (record?.kind !== 'commit' || envelopes.length > 0 || seq === 0) return
    this.seenOf.deliberated += 1
    expect(this.ended.get(proposalId(record.prop))).toBeUndefined()
  }

  /** The log again, from nothing: by the auditor, by the fold, and the root of every state on the way. */
  async end(): Promise<number> {
    await this.restart()
    const { store } = this.index.deps
    let state = new FoldedState()
    for (const stored of await store.read(0, 100_000)) {
      const next = new FoldedState(state)
      applyRecord(next, valueOf(verifyRecord(next, stored)))
      state = next
      const root = this.roots.get(state.size)
      if (root) expect(root).toEqual(mapRoot(keyed(stateRows(state))))
    }
    expect(canonicalState(state)).toBe(canonicalState(this.live.state))
    this.seenOf.uses = this.auditor.emergencies
    this.seenOf.ratified = this.auditor.ratified
    for (const name of LIMITS) this.seenOf.limits += this.limits.seen[name] ?? 0
    return this.auditor.commits
  }
}
