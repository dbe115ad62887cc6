import type { UnixSeconds } from '../../core/time.js'
import { isBraked } from '../brake-mark.js'
import type { Entry } from '../entry.js'
import type { Rule } from '../rule/rule.js'
import { scopePath } from '../scope-path.js'
import type { IndexState } from '../state.js'

/**
 * Might a grant give back what a brake took? Any one voter may suspend what is braked, or detach it, and
 * so take the brake off: where a group above has grants, the entry remembers that it was there.
 */
export const isGrantedAbove = (state: IndexState, { alias }: Pick<Entry, 'alias'>): boolean =>
  scopePath(state, alias).some(({ group }) => group?.emergency)

/** The entry from which a rule goes. Of a brake that runs on the rule, its end is remembered. */
export function heldFor(state: IndexState, entry: Entry, rule: Rule, at: UnixSeconds): Entry {
  if (!rule.brake || !isBraked(rule, at) || !isGrantedAbove(state, entry)) return entry
  const until = Math.max(rule.brake.until, entry.heldUntil ?? 0)
  return { ...entry, heldUntil: until as UnixSeconds }
}
