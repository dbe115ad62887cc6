import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { Group } from '../group.js'
import { LONGEST_DELAY, SHORTEST_DELAY } from './recovery.js'

const invalid = (detail: string, wanted: string, found: string) =>
  refuse('namespace.group-invalid', detail, { reason: 'recovery', wanted, found })

/**
 * May this set give a scope other voters? More than half of it, each another person, and nobody alone
 * where nobody decides alone; and late enough for whoever is left to see it and say no.
 */
export function isSoundRecovery({
  recovery,
  solo,
}: Group): Result<undefined, Refusal<'namespace.group-invalid'>> {
  if (!recovery) return ok()
  const { holders, threshold, delay } = recovery
  const persons = holders.map(({ controller }) => controller)
  const twice = persons.find((one, at) => persons.indexOf(one) !== at)
  if (twice !== undefined) {
    return invalid('one person is twice in the recovery set', 'every person once', twice)
  }
  const least = Math.max(Math.floor(holders.length / 2) + 1, solo ? 1 : 2)
  if (threshold < least || threshold > holders.length) {
    return invalid(
      'a recovery set of which too few, or more than there are, replace all voters',
      `threshold: ${least} to ${holders.length} of ${holders.length} holders`,
      String(threshold),
    )
  }
  return delay >= SHORTEST_DELAY && delay <= LONGEST_DELAY
    ? ok()
    : invalid(
        'a recovery that is over before anybody saw it, or that nobody lives to see',
        `delay: ${SHORTEST_DELAY} to ${LONGEST_DELAY} s`,
        String(delay),
      )
}
