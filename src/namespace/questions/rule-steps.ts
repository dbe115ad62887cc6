import type { Rule } from '../rule/rule.js'

const known = new WeakMap<readonly Rule[], number>()

/**
 * Steps of `Effort` that it takes to say what these rules allow one caller, beyond the one for the two:
 * none for a few rules, thousands for a set of half a megabyte that is one list of ports.
 */
export function ruleSteps(rules: readonly Rule[]): number {
  const before = known.get(rules)
  if (before !== undefined) return before
  const work = rules.reduce(
    (sum, { ports, callers }) => sum + 1 / 8 + ports.length / 16 + callers.length / 4096,
    0,
  )
  const steps = Math.floor(work)
  known.set(rules, steps)
  return steps
}
