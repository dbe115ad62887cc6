import { isAlias, isMap, isNode, isScalar, isSeq, type Node } from 'yaml'
import type { Json } from '../core/canonical-json.js'

/** A node that has no value of JSON. Never leaves the reader of YAML. */
export class NoValue extends Error {
  override readonly name = 'NoValue'
  readonly what: string
  /** Where the node begins. */
  readonly offset: number

  constructor(what: string, offset: number) {
    super(what)
    this.what = what
    this.offset = offset
  }
}

/** As deep as a document may nest, with what its references stand for. */
export const MAX_DEPTH = 64

/** Values that references may repeat, all of them together: nested ones multiply. */
const MAX_REPEATED = 10_000

interface Known {
  readonly value: Json
  /** Values in it, and levels. */
  readonly size: number
  readonly height: number
}

/**
 * The value of a node, as JSON has values: names are texts and stand once in a mapping. The library's
 * own conversion takes exponential time for keys that are mappings themselves, makes circles of
 * references that hold themselves, and has numbers that JSON has not. Throws `NoValue`.
 */
export function valueOf(contents: unknown): Json {
  return new Reading().read(contents, 1).value
}

class Reading {
  /** By anchor: what it stands for, once that has been read. The last of two counts. */
  private readonly anchors = new Map<string, { known?: Known }>()
  private repeated = 0

  read(node: unknown, depth: number): Known {
    if (isAlias(node)) return this.repeat(node, node.source, depth)
    if (depth > MAX_DEPTH) throw new NoValue('nested too deep', offsetOf(node))
    const anchor: { known?: Known } = {}
    if (isMap(node) || isSeq(node) || isScalar(node)) {
      if (node.anchor !== undefined) this.anchors.set(node.anchor, anchor)
    }
    anchor.known = this.readHere(node, depth)
    return anchor.known
  }

  private readHere(node: unknown, depth: number): Known {
    if (isMap(node)) return this.mapping(node.items, depth)
    if (!isSeq(node)) return { value: scalarOf(node), size: 1, height: 1 }
    const items = node.items.map((item) => this.read(item, depth + 1))
    return around(
      items.map(({ value }) => value),
      items,
    )
  }

  private mapping(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    depth: number,
  ): Known {
    const object: Record<string, Json> = {}
    const members = pairs.map(({ key, value }) => {
      const name = nameOf(key)
      if (Object.hasOwn(object, name)) throw new NoValue('duplicate key', offsetOf(key))
      const known = this.read(value, depth + 1)
      // Not an assignment: the name may be `__proto__`.
      Object.defineProperty(object, name, { ...MEMBER, value: known.value })
      return known
    })
    return around(object, members)
  }

  private repeat(node: Node, source: string, depth: number): Known {
    const known = this.anchors.get(source)?.known
    if (known === undefined) throw new NoValue('a reference that does not resolve', offsetOf(node))
    this.repeated += known.size
    if (this.repeated > MAX_REPEATED)
      throw new NoValue('references that repeat too much', offsetOf(node))
    if (depth + known.height > MAX_DEPTH) throw new NoValue('nested too deep', offsetOf(node))
    return known
  }
}

const MEMBER = { writable: true, enumerable: true, configurable: true }

const around = (value: Json, inner: readonly Known[]): Known => ({
  value,
  size: inner.reduce((sum, { size }) => sum + size, 1),
  height: inner.reduce((most, { height }) => Math.max(most, height), 0) + 1,
})

function scalarOf(node: unknown): Json {
  const value: unknown = isScalar(node) ? node.value : null
  const isJson =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  if (!isJson) throw new NoValue('a value that JSON does not have', offsetOf(node))
  return value
}

function nameOf(key: unknown): string {
  if (key !== null && !isScalar(key)) throw new NoValue('a key that is no text', offsetOf(key))
  const value = scalarOf(key)
  return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value)
}

const offsetOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0)
