import { ok, type Result } from '../core/result.js'
import { emergencyRuleId } from '../namespace/effect/rules.js'
import { classesOf } from '../namespace/questions/authority.js'
import { isNarrowerRule, normalizeRule, type RuleFacts } from '../namespace/rule/rule.js'
import { isReweighed, normalizeSplit, type TrafficSplit } from '../namespace/rule/split.js'
import { type NotProved, notProved } from './proved.js'
import type { VerifiedCommit } from './verified-commit.js'

/**
 * The changes of an entry that are shown, oldest first. What a rule or a split was before a change says
 * of which class the change is. Refused where that is a graver one than the record says; where what was
 * before is not shown, and the votes would not carry the gravest, the log alone says so.
 */
export function withKnownClasses(
  commits: readonly VerifiedCommit[],
): Result<readonly VerifiedCommit[], NotProved> {
  const shown = new ShownTerms()
  const known: VerifiedCommit[] = []
  for (const commit of commits) {
    const isWithin = isLightest(commit) ? shown.isWithin(commit) : true
    if (isWithin === false) {
      return notProved(`that record ${commit.seq} is a ${commit.class} change`)
    }
    const isToldByLog = isWithin === undefined && commit.isForAnyClass !== true
    known.push(isToldByLog ? { ...commit, classBy: 'log' } : commit)
    shown.leaves(commit, !isToldByLog)
  }
  return ok(known)
}

/** Might it be of a graver class, as far as its operation says? */
const isLightest = ({ operation, class: own }: VerifiedCommit): boolean =>
  operation !== undefined && mayBeGraver(operation.op, own)

/** Of an operation that may have several classes: is this the lightest of them? */
export function mayBeGraver(op: keyof typeof classesOf, own: VerifiedCommit['class']): boolean {
  const [lightest, ...graver] = classesOf[op]
  return op !== 'changes' && own === lightest && graver.length > 0
}

/**
 * The rules and splits that shown changes left. Where those between are left out, they came to no more
 * than one of the gravest class before them, or took away: leaving them out shows what was voted once.
 */
class ShownTerms {
  readonly #rules = new Map<string, RuleFacts>()
  readonly #splits = new Map<number, TrafficSplit>()

  /** Does it allow no more than what was before it? Undefined where that is not shown. */
  isWithin({ operation }: VerifiedCommit): boolean | undefined {
    if (operation?.op === 'rule.replace') {
      const { rule } = operation.body
      const before = this.#rules.get(rule.id)
      return before && isNarrowerRule(normalizeRule(rule), before)
    }
    if (operation?.op === 'split.set') {
      const { split } = operation.body
      const before = this.#splits.get(split.port)
      return before && isReweighed(normalizeSplit(split), before)
    }
    if (operation?.op === 'entry.update' && operation.body.owner) return false
    // Of an entry and its rules a brake is lifted by one class alone.
    const isOfItself = operation?.op === 'entry.update' && operation.body.validUntil === undefined
    // The log alone says what the rest of an entry was, as it says what it is.
    return isOfItself || operation?.op === 'brake.lift' ? true : undefined
  }

  /** From what the log alone calls light nothing follows for what comes after it. */
  leaves({ operation, emergency, seq }: VerifiedCommit, isKnown: boolean): void {
    if (emergency?.call) {
      const { until } = emergency
      const { caller, ...terms } = emergency.call
      const id = emergencyRuleId(seq)
      const rule = { ...terms, id, effect: 'allow', callers: [caller], until } as const
      this.#rules.set(id, normalizeRule(rule))
    }
    if (operation?.op === 'rule.attach' || operation?.op === 'rule.replace') {
      const { rule } = operation.body
      this.#rules.delete(rule.id)
      if (isKnown) this.#rules.set(rule.id, normalizeRule(rule))
    }
    if (operation?.op === 'split.set') {
      const { split } = operation.body
      this.#splits.delete(split.port)
      if (isKnown) this.#splits.set(split.port, normalizeSplit(split))
    }
    if (operation?.op === 'rule.detach') this.#rules.delete(operation.body.rule)
    if (operation?.op === 'split.clear') this.#splits.delete(operation.body.port)
  }
}
