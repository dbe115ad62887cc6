import type { Alias } from '../../core/alias.js'
import type { Json } from '../../core/canonical-json.js'
import { type Authority, shownAuthority } from '../../namespace/questions/authority.js'
import type { CedarPage } from '../../namespace/questions/cedar-page.js'
import type { Ends } from '../../namespace/questions/questions.js'
import type { ReachedFrom } from '../../namespace/questions/reach.js'
import type { StalePage } from '../../namespace/questions/stale.js'
import type { Resilience } from '../../namespace/questions/resilience.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import type {
  AuthorityJson,
  CedarJson,
  EndsJson,
  ReachJson,
  ResilienceJson,
  StaleJson,
} from '../http/question-shapes.js'

type JsonObject = Readonly<Record<string, Json>>

export const reachJson = ({ entry, at, reached, next }: ReachedFrom): ReachJson => ({
  entry: entry.alias,
  at: toIso(at),
  reached: reached.map(({ entry: { alias, uid }, permissions }) => ({
    alias,
    uid,
    permissions: permissions as unknown as readonly JsonObject[],
  })),
  ...(next !== undefined && { next: placeParameter(next) }),
})

export const cedarJson = ({ at, next, entities, ...page }: CedarPage): CedarJson => ({
  ...page,
  at: toIso(at),
  entities: entities as unknown as readonly JsonObject[],
  ...(next !== undefined && { next: placeParameter(next) }),
})

/** A place as a query writes it; `placeOfParameter` reads it. */
const placeParameter = (place: string): string => place.replace(' ', ':')
export const placeOfParameter = (text: string): string => text.replace(':', ' ')

export const authorityJson = (alias: Alias, authority: Authority): AuthorityJson => ({
  ...shownAuthority(alias, authority),
  guards: authority.guards.map(({ scope, guard }) => ({
    scope,
    guard: guard as unknown as JsonObject,
  })),
})

const instant = (at: UnixSeconds | null): string | null => (at === null ? null : toIso(at))

export const resilienceJson = (found: Resilience): ResilienceJson => ({
  ...found,
  keysEnd: found.keysEnd.map(({ voter, at }) => ({ voter, at: toIso(at) })),
  classes: found.classes.map((one) => ({ ...one, until: instant(one.until) })),
  recoverySet: found.recoverySet && {
    ...found.recoverySet,
    until: instant(found.recoverySet.until),
  },
  grants: found.grants.map(({ name, drilled }) => ({ name, drilled: instant(drilled) })),
})

export const endsJson = ({ at: now, ends, next }: Ends): EndsJson => ({
  at: toIso(now),
  ends: ends.map(({ at, ...end }) => ({ ...end, at: toIso(at) })),
  ...(next !== undefined && { next: placeParameter(next) }),
})

export const staleJson = ({ stale, next }: StalePage): StaleJson => ({
  stale: stale.map(({ entry: { alias, uid, owner }, unused, rules }) => ({
    alias,
    uid,
    owner: owner.controller,
    ...(unused && { unused: { last: unused.last === null ? null : toIso(unused.last) } }),
    rules,
  })),
  ...(next !== undefined && { next: placeParameter(next) }),
})
