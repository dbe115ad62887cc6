import { canonicalize } from '../core/canonical-json.js'
import { withoutBrake } from '../namespace/brake-mark.js'
import type { Entry } from '../namespace/entry.js'
import { normalizeRule, type Rule } from '../namespace/rule/rule.js'
import type { VerifiedCommit } from './verified-commit.js'
import { splitOfNobody } from './voted-splits.js'

type Terms = Pick<Entry, 'rules' | 'splits'>
/** Of an entry, by revision. */
type Commits = readonly Pick<VerifiedCommit, 'operation' | 'rev' | 'classBy'>[]

/** Of every rule whose change is shown: is it what the voters signed, at the revision they made? */
export function areAsVoted(rules: readonly Rule[], commits: Commits): boolean {
  return commits.every(({ operation, rev }, at) => {
    if (operation?.op !== 'rule.attach' && operation?.op !== 'rule.replace') return true
    const { rule: voted } = operation.body
    const found = rules.find(({ id }) => id === voted.id)
    // A later change may have detached it, or put another in its place.
    if (found?.rev !== rev) return at < commits.length - 1
    // A brake that is on it was not voted about.
    return canonicalize({ ...normalizeRule(voted), rev }) === canonicalize(withoutBrake(found))
  })
}

/**
 * Rules by id and splits by port, in the order in which the fold writes them: beside one that was
 * voted about, a second of the same name would be another that nobody looks for.
 */
export const isEachOnce = ({ rules, splits = [] }: Terms): boolean =>
  isAscending(rules.map(({ id }) => id)) && isAscending(splits.map(({ port }) => port))

const isAscending = (names: readonly (string | number)[]): boolean =>
  names.every((name, at) => at === 0 || (names[at - 1] ?? name) < name)

/**
 * A rule or a split of the entry that none of the changes of it that are shown made what it is, by as
 * many as that takes.
 */
export function madeByNobody(state: Terms, commits: Commits): string | undefined {
  const rule = state.rules.find((one) => !isShownToBeMade(one, commits))
  if (rule) return `rule ${rule.id}`
  const split = splitOfNobody(state, commits)
  return split && `traffic split of port ${split.port}`
}

/** Is the change among these that made a rule what it is? Of the use of a grant that is seen elsewhere. */
const isShownToBeMade = ({ id, rev, emergency }: Rule, commits: Commits): boolean =>
  emergency !== undefined ||
  commits.some(
    ({ operation, classBy, ...one }) =>
      one.rev === rev &&
      classBy === undefined &&
      (operation?.op === 'rule.attach' || operation?.op === 'rule.replace') &&
      operation.body.rule.id === id,
  )
