import { type Alias, parentAlias, ROOT } from '../../core/alias.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { PermitEntry, PermitRequest, PermitScope } from './permit.js'

/** What is translated: the whole of what `permit` decides by. */
export interface CedarSource {
  readonly scopes: Iterable<PermitScope>
  readonly entries: Iterable<PermitEntry>
}

/** An entity in Cedar's JSON format. */
export interface CedarEntity {
  readonly uid: CedarUid
  readonly attrs: {
    readonly active?: boolean
    readonly validUntil?: UnixSeconds
    readonly brakedUntil?: UnixSeconds
    readonly emergencyUntil?: UnixSeconds
  }
  readonly parents: readonly CedarUid[]
}

interface CedarUid {
  readonly type: string
  readonly id: string
}

/** Cedar's own schema of entities and requests; the policies are valid under it. */
export const cedarSchema = `namespace Capstan {
  entity Trait;
  entity Region in [Region, Trait];
  entity Entry in [Region] { active: Bool, validUntil?: Long, brakedUntil?: Long, emergencyUntil?: Long };
  action "call" appliesTo {
    principal: [Entry],
    resource: [Entry],
    context: {
      port: Long,
      at: Long,
      route?: { method: String, path: String, headers: Set<String> },
    },
  };
}
`

const REGION = 'Capstan::Region'
const ENTRY = 'Capstan::Entry'

export const entryUid = (uid: Uid): CedarUid => ({ type: ENTRY, id: uid })
const regionUid = (alias: Alias): CedarUid => ({ type: REGION, id: alias })

/** Regions of entries with a guard that wants routes: said once, and inherited by Cedar itself. */
const routedTrait: CedarUid = { type: 'Capstan::Trait', id: 'requires-routes' }

/** Does a guard of the scope of this very region want routes? */
type IsRouted = (region: Alias) => boolean

export const wantsRoutes = ({ guards = [] }: Pick<PermitScope, 'guards'>): boolean =>
  guards.some(({ effect }) => effect === 'requireRoutes')

/** Every entity of a source. */
export function cedarEntities({ scopes, entries }: CedarSource): Iterable<CedarEntity> {
  const routed = new Set<Alias>()
  for (const scope of scopes) {
    if (scope.state !== 'retired' && wantsRoutes(scope)) routed.add(scope.alias)
  }
  return entitiesOf(entries, (region) => routed.has(region))
}

/**
 * Entries below the regions they are in, each region once. Whether an entry is active depends on the
 * time as well: the policies look at `validUntil`.
 */
export function* entitiesOf(
  entries: Iterable<PermitEntry>,
  isRouted: IsRouted,
): Iterable<CedarEntity> {
  const known = new Set<Alias>()
  for (const { uid, alias, state, validUntil, brake, emergency } of entries) {
    const active = state === 'active'
    yield {
      uid: entryUid(uid),
      attrs: {
        active,
        ...(validUntil !== undefined && { validUntil }),
        ...(brake && { brakedUntil: brake.until }),
        ...(emergency && state === 'suspended' && { emergencyUntil: emergency.until }),
      },
      parents: [regionUid(alias)],
    }
    for (let region = alias; !known.has(region); region = parentAlias(region)) {
      known.add(region)
      const above = region === ROOT ? [] : [regionUid(parentAlias(region))]
      const parents = isRouted(region) ? [...above, routedTrait] : above
      yield { uid: regionUid(region), attrs: {}, parents }
    }
  }
}

/** The context of a request; its principal is the caller, its resource the callee. */
export function cedarContext({ port, at, route }: PermitRequest): {
  readonly port: number
  readonly at: number
  readonly route?: {
    readonly method: string
    readonly path: string
    readonly headers: readonly string[]
  }
} {
  if (!route) return { port, at }
  const headers = [...route.headers].map(([name, value]) => `${name}: ${value}`)
  return { port, at, route: { method: route.method, path: route.path, headers } }
}
