import { canonicalize } from '../../core/canonical-json.js'
import { plus, type UnixSeconds } from '../../core/time.js'
import { sha256Hex, type Uid } from '../../core/uid.js'
import type { IndexState } from '../state.js'
import { type EmergencyGrant, RATIFY_WITHIN } from './emergency.js'

/** Of which grant: of a scope, in the words that were voted about. */
export interface GrantOf {
  readonly scope: Uid
  readonly grant: EmergencyGrant
}

export interface Used extends GrantOf {
  /** The first second after it. */
  readonly until: UnixSeconds
}

/** One use of a grant. */
export interface Use {
  /** Number of its record. */
  readonly seq: number
  readonly at: UnixSeconds
  readonly until: UnixSeconds
  /** Have voters said that it was right? */
  readonly ratified: boolean
}

/**
 * Rows of `history`: `emergency:<scope> <digest of the grant> <log time> <number>`, with the end of the
 * use; `ratified:<scope> <number of the use>`, and `drill:<scope> <digest of the grant>`, with the time
 * of the latest.
 */
export const usedKey = (of: GrantOf, at: UnixSeconds, seq: number): string =>
  `${usesPrefix(of)}${digits(at)} ${digits(seq)}`

const scopePrefix = (scope: Uid): string => `emergency:${scope} `

const usesPrefix = ({ scope, grant }: GrantOf): string => `${scopePrefix(scope)}${digestOf(grant)} `

/**
 * One grant is the same in every group that has it, so that no other change of the group makes it
 * fresh; nor does the order in which it names who and what.
 */
function digestOf(grant: EmergencyGrant): string {
  const { name, acts, under, who, threshold, longest, coolDown, uses } = grant
  const terms = { name, under, threshold, longest, coolDown, uses }
  return sha256Hex(canonicalize({ ...terms, acts: [...acts].sort(), who: [...who].sort() }))
}

export const ratifiedKey = (scope: Uid, use: number): string => `ratified:${scope} ${digits(use)}`

export const drillKey = ({ scope, grant }: GrantOf): string => `drill:${scope} ${digestOf(grant)}`

const digits = (value: number): string => String(Math.max(value, 0)).padStart(12, '0')

/** Uses of a grant, oldest first: as many as it has uses, at most. */
export const usesOf = (state: IndexState, of: GrantOf): readonly Use[] =>
  usesIn(state, of.scope, usesPrefix(of))

/** The use of any grant that the scope has or had, by the number of its record. */
export const useNumbered = (state: IndexState, scope: Uid, seq: number): Use | undefined =>
  usesIn(state, scope, scopePrefix(scope)).find((use) => use.seq === seq)

/** Uses of grants that the scope's group had in words that it has no more, oldest first. */
export function formerUsesOf(
  state: IndexState,
  scope: Uid,
  present: readonly EmergencyGrant[],
): readonly Use[] {
  const known = new Set(
    present.flatMap((grant) => usesOf(state, { scope, grant })).map(({ seq }) => seq),
  )
  return usesIn(state, scope, scopePrefix(scope))
    .filter(({ seq }) => !known.has(seq))
    .sort((a, b) => a.seq - b.seq)
}

const usesIn = (state: IndexState, scope: Uid, prefix: string): readonly Use[] =>
  [...state.tables.history.range(prefix, `${prefix}~`)].map(([key, until]) => {
    const [at = 0, seq = 0] = key.split(' ').slice(-2).map(Number)
    const ratified = state.tables.history.get(ratifiedKey(scope, seq)) !== undefined
    return { seq, at: at as UnixSeconds, until: until as UnixSeconds, ratified }
  })

/** When it was drilled last, if ever: in other words it is another grant, which nobody has tried. */
export const drilledAt = (state: IndexState, of: GrantOf): UnixSeconds | undefined =>
  state.tables.history.get(drillKey(of)) as UnixSeconds | undefined

/** What a grant is at some time: no record says that one is disabled. */
export const grantStandings = ['ready', 'in-use', 'cooling-down', 'used-up', 'disabled'] as const
export type GrantStanding = (typeof grantStandings)[number]

export function grantStanding(
  { coolDown, uses: most }: Pick<EmergencyGrant, 'coolDown' | 'uses'>,
  uses: readonly Use[],
  now: UnixSeconds,
): GrantStanding {
  if (uses.some((use) => !use.ratified && now >= ratifyBefore(use))) return 'disabled'
  const last = uses.at(-1)
  if (last && now < last.until) return 'in-use'
  if (uses.length >= most) return 'used-up'
  return last && now < plus(last.until, coolDown) ? 'cooling-down' : 'ready'
}

export const ratifyBefore = ({ at }: Pick<Use, 'at'>): UnixSeconds => plus(at, RATIFY_WITHIN)
