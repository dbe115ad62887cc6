import type { Uid } from '../../core/uid.js'

/** HTTPRoute's BackendRef: 0 is no traffic, and 1 is what is meant where nothing is said. */
export const MAX_WEIGHT = 1_000_000
export const MAX_BACKENDS = 16
export const MAX_SPLITS = 100

export interface BackendRef {
  readonly entry: Uid
  /** Absent: the split's own. */
  readonly port?: number
  /** Share of all weights of the split. */
  readonly weight: number
}

/** Where the traffic that comes in for an entry by a port goes. No permission: rules say who may call. */
export interface TrafficSplit {
  /** One split for each port of an entry. */
  readonly port: number
  /** Sorted by entry and port; each pair once; at least one weight is positive. */
  readonly backendRefs: readonly BackendRef[]
}

/** Equal splits have equal bytes. */
export function normalizeSplit({ port, backendRefs }: TrafficSplit): TrafficSplit {
  const explicit = backendRefs.map((ref): BackendRef => ({
    entry: ref.entry,
    ...(ref.port !== undefined && ref.port !== port && { port: ref.port }),
    weight: ref.weight,
  }))
  return { port, backendRefs: explicit.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)) }
}

const placeOf = ({ entry, port = 0 }: BackendRef): string =>
  `${entry} ${String(port).padStart(5, '0')}`

/** Does it name a backend twice, or send its traffic nowhere? It is normal. */
export function splitFault({ backendRefs }: TrafficSplit): string | undefined {
  if (new Set(backendRefs.map(placeOf)).size < backendRefs.length) return 'a backend is there twice'
  return backendRefs.some(({ weight }) => weight > 0) ? undefined : 'no weight is positive'
}

/** Does `after` send traffic only where `before` already may? */
export function isReweighed(after: TrafficSplit, before: TrafficSplit): boolean {
  const known = new Set(before.backendRefs.map(placeOf))
  return after.backendRefs.every((ref) => known.has(placeOf(ref)))
}
