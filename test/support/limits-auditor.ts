import type { StoredRecord } from '../../src/namespace/ports.js'
import { type Any, insist, pae, read, sha256 } from './audited.js'

/**
 * What limits a log may have set, reckoned from its bytes alone: ceilings of lifetimes, quorum guards,
 * and whose rules, splits, bindings and clusters there are. Shares no code with what wrote it. As
 * `Auditor`, which is about who decides.
 */

/* eslint-disable @typescript-eslint/restrict-plus-operands, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- it must not lean on the types of what it audits */
export class LimitsAuditor {
  /** By uid, as far as it is reckoned here. */
  private readonly objects = new Map<string, Any>()
  private readonly statements = new Map<string, Any>()
  /** Changes, by the part of their operation before the dot. */
  readonly seen: Record<string, number> = {}

  hear({ bytes, envelopes }: StoredRecord): void {
    const record = read(bytes)
    for (const octets of envelopes) {
      const envelope = read(octets)
      const says = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'))
      this.statements.set(sha256(pae(envelope)), says)
    }
    const { uid, alias } = record.subject
    const said = this.statements.get(record.prop)
    if (record.kind === 'genesis') {
      this.objects.set(uid, { kind: 's', alias, state: 'active', ...said, guards: new Map() })
    }
    if (record.kind === 'evidence') this.suspend(uid, this.statements.get(record.votes[0]))
    if (record.kind !== 'commit') return
    const change = record.part === undefined ? said : said.body.changes[record.part]
    if (said.op !== 'changes') this.guarded(record, change)
    this.letBelow(record, change)
    const [family] = change.op.split('.')
    this.seen[family] = (this.seen[family] ?? 0) + 1
    this.change(change, { uid, alias })
  }

  private suspend(uid: string, { predicate }: Any): void {
    for (const voter of this.objects.get(uid).group.voters) {
      if (voter.id === predicate.voter) voter.status = 'suspended'
    }
  }

  private of(letter: string): readonly Any[] {
    return [...this.objects].flatMap(([uid, one]) => (uid.startsWith(letter) ? [one] : []))
  }

  /** Scopes over an alias that are there. */
  private above(alias: string): readonly Any[] {
    const isOver = (scope: Any) => scope.alias === '' || alias.startsWith(`${scope.alias}/`)
    return alias === '' ? [] : this.of('s').filter((one) => one.state !== 'retired' && isOver(one))
  }

  /** Below what is suspended things are taken away, and who decides is found again. */
  private letBelow({ class: name }: Any, { op, subject }: Any): void {
    if (name === 'narrowing' || ['group.set', 'voter.reinstate', 'cluster.update'].includes(op))
      return
    const isActive = this.above(subject.alias).every(({ state }) => state === 'active')
    insist(isActive, `a ${name} ${op} below a suspended scope`)
  }

  /** Those who approved, all of them and at the most, are what guards above want. */
  private guarded({ votes, group, class: name, subject }: Any, { subject: before }: Any): void {
    const { voters } = this.objects.get(group.uid).group
    const ids = new Set(votes.map((digest: string) => this.statements.get(digest).predicate.voter))
    const by = voters.filter((one: Any) => one.status === 'active' && ids.has(one.id))
    const behind: Any = {
      minThreshold: by.reduce((sum: number, one: Any) => sum + one.weight, 0),
      minControllers: new Set(by.map((one: Any) => one.controller)).size,
    }
    for (const scope of [...this.above(subject.alias), ...this.above(before.alias)]) {
      for (const { effect, least } of scope.guards.values()) {
        const enough = least === undefined || behind[effect] >= (least[name] ?? 0)
        insist(enough, `a ${name} change with less behind it than a guard wants`)
      }
    }
  }

  /** No longer than any scope above allows, where that is asked for. */
  private within(alias: string, { maxTtl = 0 }: Any): void {
    for (const { envelope, guards } of this.above(alias)) {
      insist(maxTtl <= (envelope.maxTtl ?? 0), 'a lifetime beyond that of a scope above')
      for (const guard of guards.values()) {
        insist(maxTtl <= (guard.maxTtl ?? maxTtl), 'a lifetime beyond what a guard above allows')
      }
    }
  }

  private change({ op, body }: Any, { uid, alias }: { uid: string; alias: string }): void {
    const now = this.objects.get(uid)
    const live = this.of('e').filter((one) => one.state !== 'retiring')
    switch (op) {
      case 'scope.create':
      case 'entry.create': {
        insist(now === undefined, 'a uid that is made twice')
        const taken = [...live, ...this.of('s').filter((one) => one.state !== 'retired')]
        insist(!taken.some((one) => one.alias === alias), 'an alias that another has')
        this.within(alias, body.envelope)
        const lists = {
          guards: new Map(),
          rules: new Set(),
          splits: new Set(),
          bindings: new Map(),
        }
        this.objects.set(uid, { ...body, ...lists, alias, state: 'active' })
        return
      }
      case 'cluster.register':
        insist(!this.of('c').some((one) => one.alias === alias && one.state === 'active'), 'a twin')
        this.objects.set(uid, { alias, state: 'active' })
        return
      case 'cluster.remove': {
        const bound = live.some((one) =>
          [...one.bindings.values()].some((it) => it.cluster === uid),
        )
        insist(!bound, 'a cluster that went while an entry is bound to it')
        now.state = 'retired'
        return
      }
      case 'cluster.update':
        insist(now.state === 'active', 'a cluster that was removed')
        return
      case 'scope.suspend':
      case 'entry.suspend':
        now.state = 'suspended'
        return
      case 'scope.reactivate':
      case 'entry.reactivate':
        now.state = 'active'
        return
      case 'entry.retire':
        now.state = 'retiring'
        return
      case 'entry.rename':
        insist(!live.some((one) => one !== now && one.alias === alias), 'an alias that another has')
        this.within(alias, now.envelope)
        now.alias = alias
        return
      case 'envelope.set':
        if (body.envelope.maxTtl !== now.envelope.maxTtl) this.within(alias, body.envelope)
        now.envelope = body.envelope
        return
      case 'group.set':
        now.group = structuredClone(body.group)
        return
      case 'guard.set':
        now.guards.set(body.guard.id, body.guard)
        return
      case 'guard.clear':
        insist(now.guards.delete(body.guard) === true, 'a guard that was not there')
        return
      default:
        this.ofEntry({ op, body }, now, live)
    }
  }

  private ofEntry({ op, body }: Any, entry: Any, live: readonly Any[]): void {
    switch (op) {
      case 'rule.attach':
        insist(!entry.rules.has(body.rule.id), 'a rule in the place of another')
        for (const caller of body.rule.callers) {
          const found = this.objects.get(caller)
          insist(found !== undefined && found.state !== 'retiring', 'a rule for nobody')
        }
        entry.rules.add(body.rule.id)
        return
      case 'rule.replace':
        insist(entry.rules.has(body.rule.id), 'a rule in the place of none')
        return
      case 'rule.detach':
        insist(entry.rules.delete(body.rule) === true, 'a rule that was not there')
        return
      case 'split.set':
        entry.splits.add(body.split.port)
        return
      case 'split.clear':
        insist(entry.splits.delete(body.port) === true, 'a split that was not there')
        return
      case 'binding.add': {
        const { cluster, id } = body.binding
        insist(this.objects.get(cluster).state === 'active', 'a binding to what is no cluster')
        insist(!live.some((one) => one.bindings.has(id)), 'a binding that another has')
        entry.bindings.set(id, body.binding)
        return
      }
      case 'binding.remove':
        insist(entry.bindings.delete(body.binding) === true, 'a binding that was not there')
        return
    }
  }
}
/* eslint-enable @typescript-eslint/restrict-plus-operands, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- the end of the file */
