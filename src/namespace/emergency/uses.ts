import { plus, type UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { IndexState } from '../state.js'
import { type EmergencyGrant, RATIFY_WITHIN } from './emergency.js'

/** Of which grant: of a scope, in its group of a revision. */
export interface GrantOf {
  readonly scope: Uid
  readonly rev: number
  readonly grant: string
}

export interface Used extends GrantOf {
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
 * Rows of `history`: `emergency:<scope> <revision> <grant> <log time> <number>`, with the end of the
 * use; `ratified:<scope> <number of the use>`, and `drill:<scope> <grant>`, with the time of the latest.
 */
export const usedKey = ({ scope, rev, grant }: GrantOf, at: UnixSeconds, seq: number): string =>
  `emergency:${scope} ${digits(rev)} ${grant} ${digits(at)} ${digits(seq)}`

export const ratifiedKey = (scope: Uid, use: number): string => `ratified:${scope} ${digits(use)}`

export const drillKey = (scope: Uid, grant: string): string => `drill:${scope} ${grant}`

const digits = (value: number): string => String(Math.max(value, 0)).padStart(12, '0')

/** Uses of a grant since its group was set, oldest first: as many as it has uses, at most. */
export function usesOf(state: IndexState, of: GrantOf): readonly Use[] {
  const prefix = `emergency:${of.scope} ${digits(of.rev)} ${of.grant} `
  return [...state.tables.history.range(prefix, `${prefix}~`)].map(([key, until]) => {
    const [at, seq] = key.slice(prefix.length).split(' ').map(Number)
    return {
      seq: seq ?? 0,
      at: (at ?? 0) as UnixSeconds,
      until: until as UnixSeconds,
      ratified: state.tables.history.get(ratifiedKey(of.scope, seq ?? 0)) !== undefined,
    }
  })
}

/** When it was drilled last, if ever. */
export const drilledAt = (state: IndexState, scope: Uid, grant: string): UnixSeconds | undefined =>
  state.tables.history.get(drillKey(scope, grant)) as UnixSeconds | undefined

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
