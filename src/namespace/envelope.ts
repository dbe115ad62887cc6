import { type Alias, isUnder, parseAlias, ROOT } from '../core/alias.js'
import { type KeyAlgorithm, keyAlgorithms } from '../core/key-algorithm.js'
import type { Uid } from '../core/uid.js'

export const attestorKinds = ['kubernetes', 'join-token', 'vm', 'edge'] as const
export const sanKinds = ['dns-linkerd', 'dns-entry', 'spiffe'] as const
export const usageKinds = ['serverAuth', 'clientAuth'] as const
export const capabilityKinds = ['reader', 'submitter'] as const

export type Capability = (typeof capabilityKinds)[number]

export type SanKind = (typeof sanKinds)[number]
export type PortRange = readonly [from: number, to: number]

/**
 * What may be had below or by its owner: a product of meet-semilattices. An absent field is the
 * bottom of its field: nothing is allowed. Sets are sorted and hold no duplicates.
 */
export interface Envelope {
  readonly attestors?: readonly (typeof attestorKinds)[number][]
  /** Seconds, at most 86400. */
  readonly maxTtl?: number
  readonly keyAlgs?: readonly KeyAlgorithm[]
  readonly usages?: readonly (typeof usageKinds)[number][]
  readonly sanKinds?: readonly SanKind[]
  /** Regions of aliases that may be certified; `''` is everything. */
  readonly names?: readonly Alias[]
  readonly clusters?: readonly Uid[] | '*'
  readonly mayCall?: readonly Alias[]
  readonly mayAccept?: readonly Alias[]
  readonly ports?: readonly PortRange[]
  readonly allowUnauthenticated?: boolean
  readonly federate?: readonly Uid[]
  /** Seconds after notAfter in which a certificate may still be renewed, at most 90 days. */
  readonly graceAfterExpiry?: number
  /** What the holder may do on Capstan's own API. */
  readonly capabilities?: readonly Capability[]
}

export type EnvelopeField = keyof Envelope

export const MAX_TTL = 86_400
export const MAX_GRACE = 7_776_000

/**
 * The envelope of a new root: everything that is sane. RSA, grace, and statements that come over the
 * network are for those who ask.
 */
export const fullEnvelope: Envelope = {
  attestors: [...attestorKinds].sort(),
  maxTtl: MAX_TTL,
  keyAlgs: keyAlgorithms.filter((algorithm) => algorithm !== 'RSA').sort(),
  usages: [...usageKinds].sort(),
  sanKinds: [...sanKinds].sort(),
  names: [ROOT],
  clusters: '*',
  mayCall: [ROOT],
  mayAccept: [ROOT],
  ports: [[1, 65_535]],
  allowUnauthenticated: false,
  federate: [],
  graceAfterExpiry: MAX_GRACE,
  capabilities: ['reader'],
}

/** What a new entry starts from, cut down to what its scope allows: no grace, no capabilities. */
export const defaultEntryEnvelope: Envelope = {
  ...fullEnvelope,
  graceAfterExpiry: 0,
  capabilities: [],
}

const setFields = [
  'attestors',
  'keyAlgs',
  'usages',
  'sanKinds',
  'federate',
  'capabilities',
] as const
const numberFields = ['maxTtl', 'graceAfterExpiry'] as const
const regionFields = ['names', 'mayCall', 'mayAccept'] as const

/** The greatest envelope that is below both. */
export function meet(a: Envelope, b: Envelope): Envelope {
  const result: Record<string, unknown> = {}
  for (const field of setFields) {
    const [mine, theirs] = [a[field], b[field]]
    if (mine && theirs) result[field] = intersect<string>(mine, theirs)
  }
  for (const field of numberFields) {
    const [mine, theirs] = [a[field], b[field]]
    if (mine !== undefined && theirs !== undefined) result[field] = Math.min(mine, theirs)
  }
  for (const field of regionFields) {
    const [mine, theirs] = [a[field], b[field]]
    if (mine && theirs) result[field] = meetRegions(mine, theirs)
  }
  if (a.clusters && b.clusters) result['clusters'] = meetClusters(a.clusters, b.clusters)
  if (a.ports && b.ports) result['ports'] = meetPorts(a.ports, b.ports)
  if (a.allowUnauthenticated !== undefined && b.allowUnauthenticated !== undefined) {
    result['allowUnauthenticated'] = a.allowUnauthenticated && b.allowUnauthenticated
  }
  return normalize(result)
}

/** Is `a` within `b`? The first field that is not, or undefined. */
export function exceeds(a: Envelope, b: Envelope): EnvelopeField | undefined {
  const both = meet(a, b)
  const fields = Object.keys(a) as EnvelopeField[]
  return fields.sort().find((field) => !sameField(normalize(a), both, field))
}

/** The fields of `after` that are not what they were. Both are normal. */
export function changedFields(before: Envelope, after: Envelope): Envelope {
  const changed = (Object.keys(after) as EnvelopeField[]).filter(
    (field) => JSON.stringify(after[field]) !== JSON.stringify(before[field]),
  )
  return Object.fromEntries(changed.map((field) => [field, after[field]]))
}

function sameField(a: Envelope, both: Envelope, field: EnvelopeField): boolean {
  const [mine, met] = [a[field], both[field]]
  // The bottom of a field and its absence are the same thing.
  if (met === undefined) return isBottom(mine)
  return JSON.stringify(mine) === JSON.stringify(met)
}

function isBottom(value: Envelope[EnvelopeField]): boolean {
  return (
    value === undefined ||
    value === 0 ||
    value === false ||
    (Array.isArray(value) && value.length === 0)
  )
}

/** Sorted, without duplicates or dominated members: equal envelopes have equal bytes. */
export function normalize(envelope: Envelope): Envelope {
  const result: Record<string, unknown> = { ...envelope }
  for (const field of setFields) {
    const members = envelope[field]
    if (members) result[field] = [...new Set<string>(members)].sort()
  }
  for (const field of regionFields) {
    const regions = envelope[field]
    if (regions) result[field] = topRegions(regions)
  }
  if (Array.isArray(envelope.clusters)) result['clusters'] = [...new Set(envelope.clusters)].sort()
  if (envelope.ports) result['ports'] = mergePorts(envelope.ports)
  return result
}

/** The values a field may hold that no schema can say; the offending one, or undefined. */
export function badRegion(envelope: Envelope): string | undefined {
  const regions = regionFields.flatMap((field) => envelope[field] ?? [])
  return regions.find((region) => region !== ROOT && !parseAlias(region).ok)
}

/** A range that holds no port; undefined when there is none. */
export function badPortRange(ranges: readonly PortRange[]): PortRange | undefined {
  return ranges.find(([from, to]) => from > to)
}

/** Is every port of `inner` one of `outer`? Both are merged. */
export function coversPorts(outer: readonly PortRange[], inner: readonly PortRange[]): boolean {
  return inner.every(([from, to]) => outer.some(([low, high]) => low <= from && to <= high))
}

export function holdsRegion(regions: readonly Alias[], region: Alias): boolean {
  for (const outer of regions) if (isUnder(region, outer)) return true
  return false
}

export function holdsPort(ranges: readonly PortRange[], port: number): boolean {
  // Asked of every rule of an entry: no closure, and no iterator for a pair.
  for (const range of ranges) if (range[0] <= port && port <= range[1]) return true
  return false
}

function intersect<T>(a: readonly T[], b: readonly T[]): T[] {
  return a.filter((member) => b.includes(member))
}

function meetRegions(a: readonly Alias[], b: readonly Alias[]): Alias[] {
  const narrower = a.flatMap((mine) =>
    b.flatMap((theirs) => (isUnder(mine, theirs) ? [mine] : isUnder(theirs, mine) ? [theirs] : [])),
  )
  return topRegions(narrower)
}

/** Sorted, without duplicates and without what is in another. */
export function topRegions(regions: readonly Alias[]): Alias[] {
  const distinct = [...new Set(regions)]
  return distinct
    .filter((region) => !distinct.some((other) => other !== region && isUnder(region, other)))
    .sort()
}

function meetClusters(a: readonly Uid[] | '*', b: readonly Uid[] | '*'): readonly Uid[] | '*' {
  if (a === '*') return b
  if (b === '*') return a
  return intersect(a, b)
}

/** What is in both: one pass over each, as rule sets and guards may have thousands. */
export function meetPorts(a: readonly PortRange[], b: readonly PortRange[]): PortRange[] {
  const theirs = merged(b)
  const both: PortRange[] = []
  let next = 0
  for (const [from, to] of merged(a)) {
    while ((theirs[next]?.[1] ?? Infinity) < from) next += 1
    for (const [low, high] of startingAt(theirs, next)) {
      if (low > to) break
      both.push([Math.max(from, low), Math.min(to, high)])
    }
  }
  return both
}

/** What is in `a` and not in `b`, in one pass as well. */
export function portsBeyond(a: readonly PortRange[], b: readonly PortRange[]): PortRange[] {
  const theirs = merged(b)
  const left: PortRange[] = []
  let next = 0
  for (const [from, to] of merged(a)) {
    while ((theirs[next]?.[1] ?? Infinity) < from) next += 1
    let start = from
    for (const [low, high] of startingAt(theirs, next)) {
      if (low > to) break
      if (start < low) left.push([start, low - 1])
      start = high + 1
    }
    if (start <= to) left.push([start, to])
  }
  return left
}

/** The items of a list from one on. It ends whatever they are: drafts are made of what a server says. */
function* startingAt<T>(items: readonly T[], first: number): Iterable<T> {
  for (let at = first; at < items.length; at += 1) yield items[at] as T
}

/** Most lists are as `mergePorts` leaves them, and are not made again. */
const merged = (ranges: readonly PortRange[]): readonly PortRange[] => {
  let end = -1
  for (const [from, to] of ranges) {
    if (from <= end + 1) return mergePorts(ranges)
    end = to
  }
  return ranges
}

/** Sorted; ranges that touch become one. */
export function mergePorts(ranges: readonly PortRange[]): PortRange[] {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((x, y) => x[0] - y[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}
