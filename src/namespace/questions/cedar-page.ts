import type { UnixSeconds } from '../../core/time.js'
import { type CedarEntity, entitiesOf, wantsRoutes } from '../permit/cedar.js'
import { activityPolicies, entryPolicies, scopePolicies } from '../permit/cedar-policies.js'
import type { Entry } from '../entry.js'
import { type IndexState, placeOf } from '../state.js'
import { ROOT } from '../../core/alias.js'
import type { Effort } from './effort.js'

/** Scopes come before entries: what bears on all of them is with the first page. */
export type CedarPart = 'scopes' | 'entries'

export interface AskedCedar {
  readonly part: CedarPart
  /** Scopes, or entries, at most. */
  readonly limit: number
  /** Where the page before ended. */
  readonly after?: string
}

/** A part of what decides about calls, as Cedar writes it. */
export interface CedarPage {
  /** Records of the index log that it is of: pages of another size do not belong to it. */
  readonly size: number
  readonly at: UnixSeconds
  readonly policies: readonly string[]
  /** A region may come with more than one page; it says the same each time. */
  readonly entities: readonly CedarEntity[]
  /** Where what follows begins; absent after the last of this part. */
  readonly next?: string
}

/** What `permit` decides by, translated a page at a time. */
export function cedarPage(
  state: IndexState,
  asked: AskedCedar,
  effort: Effort,
): Promise<CedarPage> {
  return asked.part === 'scopes' ? ofScopes(state, asked, effort) : ofEntries(state, asked, effort)
}

async function ofScopes(
  state: IndexState,
  { limit, after }: AskedCedar,
  effort: Effort,
): Promise<CedarPage> {
  const policies = after === undefined ? [...activityPolicies] : []
  let [taken, last] = [0, after]
  // No uid goes on after another: the next key there can be.
  for (const [uid, scope] of state.scopes.range(after === undefined ? undefined : `${after} `)) {
    if (taken === limit || effort.isSpent) return { ...page(state), policies, ...next(last) }
    await effort.breathe()
    effort.spend(1 + (scope.guards ?? []).length)
    policies.push(...scopePolicies(scope))
    taken += 1
    last = uid
  }
  return { ...page(state), policies }
}

async function ofEntries(
  state: IndexState,
  { limit, after }: AskedCedar,
  effort: Effort,
): Promise<CedarPage> {
  const entries: Entry[] = []
  const policies: string[] = []
  const whole = (more: { readonly next?: string }): CedarPage => ({
    ...page(state),
    policies,
    entities: [...entitiesOf(entries, (region) => isRouted(state, region))],
    ...more,
  })
  for (const entry of state.entriesUnder(ROOT, after)) {
    const last = entries.at(-1)
    if (last && (entries.length === limit || effort.isSpent)) return whole(next(placeOf(last)))
    await effort.breathe()
    effort.spend(1 + entry.rules.length)
    entries.push(entry)
    policies.push(...entryPolicies(entry))
  }
  return whole({})
}

const page = ({ size, at }: IndexState) => ({ size, at, entities: [] })

const next = (place: string | undefined): { readonly next?: string } =>
  place === undefined ? {} : { next: place }

function isRouted(state: IndexState, region: Entry['alias']): boolean {
  const scope = region === ROOT ? state.root : state.scopeByAlias(region)
  return scope !== undefined && wantsRoutes(scope)
}
