import { type Hash, sameHash } from './hash.js'
import { bitOf, firstDifference, KEY_BITS } from './map-hash.js'
import { EMPTY_MAP, encodeMapNode, type MapNode, mapNodeHash, type NodeRef } from './map-node.js'
import type { MapNodeReader } from './ports.js'
import { readMapNode } from './read-map-node.js'

/** A change of one key: its new value, or undefined for none. */
export interface MapChange {
  readonly key: Hash
  readonly value: Hash | undefined
}

export interface PlacedNode {
  readonly place: number
  /** As `encodeMapNode` writes it. */
  readonly octets: Uint8Array
}

/** What a batch of changes comes to. */
export interface MapUpdate {
  readonly root: NodeRef
  /** New nodes, children before their parent, in places that follow each other. */
  readonly put: readonly PlacedNode[]
  /** Places of nodes that no longer belong to the map. */
  readonly drop: readonly number[]
}

/** A node that has not been read yet. */
interface Stub {
  readonly kind: 'stub'
  readonly ref: NodeRef
}
interface DraftLeaf {
  readonly kind: 'leaf'
  readonly key: Hash
  readonly value: Hash
  /** Undefined while it is new. */
  readonly ref: NodeRef | undefined
}
interface DraftInner {
  readonly kind: 'inner'
  readonly bit: number
  readonly children: DraftNode[]
  /** Undefined once something below it has changed. */
  ref: NodeRef | undefined
}
type DraftNode = Stub | DraftLeaf | DraftInner

/**
 * A map in memory, as far as it has been read, that changes are made to. It is a binary trie without
 * inner nodes of one child, so that its shape follows from its keys alone.
 */
export class MapDraft {
  readonly #nodes: MapNodeReader
  /** One place, for the root; empty for a map without keys. */
  readonly #top: DraftNode[]
  readonly #dropped: number[] = []

  constructor(nodes: MapNodeReader, root: NodeRef) {
    this.#nodes = nodes
    this.#top = root.place === EMPTY_MAP.place ? [] : [{ kind: 'stub', ref: root }]
  }

  apply({ key, value }: MapChange): void {
    const { path, holder, at } = this.#walk(key)
    const found = holder[at]
    const leaf = found?.kind === 'leaf' ? found : undefined
    const isFound = leaf !== undefined && sameHash(leaf.key, key)
    if (value === undefined) {
      if (isFound) this.#remove(key, leaf, path)
    } else if (!isFound) {
      this.#insert({ kind: 'leaf', key, value, ref: undefined }, leaf, path)
    } else if (!sameHash(leaf.value, value)) {
      this.#forget(leaf)
      this.#touch(path)
      holder[at] = { kind: 'leaf', key, value, ref: undefined }
    }
  }

  /** Hashes what has changed; new nodes get places from `next` on. The draft is not used any more. */
  finish(next: number): MapUpdate {
    const put: PlacedNode[] = []
    const [top] = this.#top
    const root = top ? placed(top, { put, next }) : EMPTY_MAP
    return { root, put, drop: this.#dropped }
  }

  /** To where the key leads: a leaf, or where there is nothing. Reads what is on the way. */
  #walk(key: Hash): Walk {
    const path: DraftInner[] = []
    let [holder, at]: [DraftNode[], number] = [this.#top, 0]
    for (let node = this.#read(holder, at); node?.kind === 'inner'; node = this.#read(holder, at)) {
      path.push(node)
      ;[holder, at] = [node.children, bitOf(key, node.bit)]
    }
    return { path, holder, at }
  }

  #read(holder: DraftNode[], at: number): DraftLeaf | DraftInner | undefined {
    const node = holder[at]
    if (node?.kind !== 'stub') return node
    const read = drafted(readMapNode(this.#nodes, node.ref), node.ref)
    holder[at] = read
    return read
  }

  /** The nodes of the path have other hashes now. */
  #touch(path: readonly DraftInner[]): void {
    for (const node of path) this.#forget(node)
  }

  #forget(node: DraftLeaf | DraftInner): void {
    if (node.ref) this.#dropped.push(node.ref.place)
    if (node.kind === 'inner') node.ref = undefined
  }

  /** Puts a leaf beside the one that was found instead, where their keys part. */
  #insert(leaf: DraftLeaf, found: DraftLeaf | undefined, path: readonly DraftInner[]): void {
    const bit = found ? firstDifference(leaf.key, found.key) : KEY_BITS
    const below = path.findIndex((node) => node.bit > bit)
    const above = below === -1 ? path : path.slice(0, below)
    const parent = above.at(-1)
    const holder = parent?.children ?? this.#top
    const at = parent ? bitOf(leaf.key, parent.bit) : 0
    const other = holder[at]
    this.#touch(above)
    if (!other) {
      holder[at] = leaf
      return
    }
    const children = bitOf(leaf.key, bit) === 0 ? [leaf, other] : [other, leaf]
    holder[at] = { kind: 'inner', bit, children, ref: undefined }
  }

  /** Takes a leaf away; its sibling comes to stand where their parent was. */
  #remove(key: Hash, leaf: DraftLeaf, path: readonly DraftInner[]): void {
    this.#forget(leaf)
    this.#touch(path)
    const parent = path.at(-1)
    if (!parent) {
      this.#top.length = 0
      return
    }
    const sibling = parent.children[1 - bitOf(key, parent.bit)]
    const grandparent = path.at(-2)
    const holder = grandparent?.children ?? this.#top
    if (sibling) holder[grandparent ? bitOf(key, grandparent.bit) : 0] = sibling
  }
}

interface Walk {
  readonly path: readonly DraftInner[]
  readonly holder: DraftNode[]
  readonly at: number
}

const drafted = (node: MapNode, ref: NodeRef): DraftLeaf | DraftInner =>
  node.kind === 'leaf'
    ? { kind: 'leaf', key: node.key, value: node.value, ref }
    : {
        kind: 'inner',
        bit: node.bit,
        children: [
          { kind: 'stub', ref: node.left },
          { kind: 'stub', ref: node.right },
        ],
        ref,
      }

interface Putting {
  readonly put: PlacedNode[]
  /** The first place. */
  readonly next: number
}

/** Where a node is, everything under it put that is new. At most 257 calls deep. */
function placed(node: DraftNode, into: Putting): NodeRef {
  if (node.kind === 'stub') return node.ref
  if (node.ref) return node.ref
  const plain = plainNode(node, into)
  const ref = { hash: mapNodeHash(plain), place: into.next + into.put.length }
  into.put.push({ place: ref.place, octets: encodeMapNode(plain) })
  return ref
}

function plainNode(node: DraftLeaf | DraftInner, into: Putting): MapNode {
  if (node.kind === 'leaf') return { kind: 'leaf', key: node.key, value: node.value }
  const [left = EMPTY_MAP, right = EMPTY_MAP] = node.children.map((child) => placed(child, into))
  return { kind: 'inner', bit: node.bit, left, right }
}
