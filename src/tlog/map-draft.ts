import { type Hash, sameHash } from './hash.js'
import { bitOf, EMPTY_MAP_ROOT, firstDifference, KEY_BITS } from './map-hash.js'
import { encodeMapNode, type MapNode, mapNodeHash } from './map-node.js'

/** A change of one key: its new value, or undefined for none. */
export interface MapChange {
  readonly key: Hash
  readonly value: Hash | undefined
}

export interface StoredMapNode {
  readonly hash: Hash
  /** As `encodeMapNode` writes it. */
  readonly octets: Uint8Array
}

/** What a batch of changes comes to. */
export interface MapUpdate {
  readonly root: Hash
  /** New nodes, children before their parent. */
  readonly put: readonly StoredMapNode[]
  /** Nodes that no longer belong to the map: to be deleted where older roots are not kept. */
  readonly drop: readonly Hash[]
}

/** A node that has not been read yet. */
interface Stub {
  readonly kind: 'stub'
  readonly hash: Hash
}
interface DraftLeaf {
  readonly kind: 'leaf'
  readonly key: Hash
  readonly value: Hash
  /** Undefined while it is new. */
  readonly hash: Hash | undefined
}
interface DraftInner {
  readonly kind: 'inner'
  readonly bit: number
  readonly children: DraftNode[]
  /** Undefined once something below it has changed. */
  hash: Hash | undefined
}
type DraftNode = Stub | DraftLeaf | DraftInner

/** A place where a node is, and which has not been read. */
export interface Gap {
  readonly hash: Hash
  readonly fill: (node: MapNode) => void
}

/**
 * A map in memory, as far as it has been read, that changes are made to. It is a binary trie without
 * inner nodes of one child, so that its shape follows from its keys alone.
 */
export class MapDraft {
  /** One place, for the root; empty for a map without keys. */
  readonly #top: DraftNode[]
  readonly #dropped = new Map<string, Hash>()

  constructor(root: Hash) {
    this.#top = sameHash(root, EMPTY_MAP_ROOT) ? [] : [{ kind: 'stub', hash: root }]
  }

  /** The first node on the way to each of the keys that has not been read. */
  gapsTo(keys: readonly Hash[]): readonly Gap[] {
    const gaps = new Map<Stub, Gap>()
    for (const key of keys) {
      const gap = this.#walk(key).gap
      if (gap && !gaps.has(gap.stub)) gaps.set(gap.stub, gap)
    }
    return [...gaps.values()]
  }

  /** Makes the change, or answers the gap that must be filled before. */
  apply({ key, value }: MapChange): Gap | undefined {
    const { path, place, gap } = this.#walk(key)
    if (gap) return gap
    const found = place.holder[place.at]
    const leaf = found?.kind === 'leaf' ? found : undefined
    const isFound = leaf !== undefined && sameHash(leaf.key, key)
    if (value === undefined) {
      if (isFound) this.#remove(key, leaf, path)
    } else if (!isFound) {
      this.#insert({ kind: 'leaf', key, value, hash: undefined }, leaf, path)
    } else if (!sameHash(leaf.value, value)) {
      this.#forget(leaf)
      this.#touch(path)
      place.holder[place.at] = { kind: 'leaf', key, value, hash: undefined }
    }
    return undefined
  }

  /** Hashes what has changed. The draft is not used any more. */
  finish(): MapUpdate {
    const put: StoredMapNode[] = []
    const [top] = this.#top
    const root = top ? hashed(top, put) : EMPTY_MAP_ROOT
    // A node that was taken away and made again, by changes that cancel out, is there already.
    const remade = new Set<string>()
    const added = put.filter(({ hash }) => {
      const name = nameOf(hash)
      if (!this.#dropped.has(name)) return true
      remade.add(name)
      return false
    })
    const drop = [...this.#dropped].filter(([name]) => !remade.has(name)).map(([, hash]) => hash)
    return { root, put: added, drop }
  }

  #walk(key: Hash): Walk {
    const path: DraftInner[] = []
    let place: Place = { holder: this.#top, at: 0 }
    for (let node = this.#top[0]; node?.kind === 'inner' || node?.kind === 'stub';) {
      if (node.kind === 'stub') return { path, place, gap: gapAt(place, node) }
      path.push(node)
      place = { holder: node.children, at: bitOf(key, node.bit) }
      node = node.children[place.at]
    }
    return { path, place }
  }

  /** The nodes of the path have other hashes now. */
  #touch(path: readonly DraftInner[]): void {
    for (const node of path) this.#forget(node)
  }

  #forget(node: DraftLeaf | DraftInner): void {
    if (node.hash) this.#dropped.set(nameOf(node.hash), node.hash)
    if (node.kind === 'inner') node.hash = undefined
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
    holder[at] = { kind: 'inner', bit, children, hash: undefined }
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

interface Place {
  readonly holder: DraftNode[]
  readonly at: number
}

interface Walk {
  readonly path: readonly DraftInner[]
  /** Where the walk ended: at a leaf, at a gap, or where there is nothing. */
  readonly place: Place
  readonly gap?: Gap & { readonly stub: Stub }
}

const gapAt = ({ holder, at }: Place, stub: Stub): Gap & { readonly stub: Stub } => ({
  stub,
  hash: stub.hash,
  fill: (node) => {
    holder[at] = drafted(node, stub.hash)
  },
})

const drafted = (node: MapNode, hash: Hash): DraftNode =>
  node.kind === 'leaf'
    ? { kind: 'leaf', key: node.key, value: node.value, hash }
    : {
        kind: 'inner',
        bit: node.bit,
        children: [
          { kind: 'stub', hash: node.left },
          { kind: 'stub', hash: node.right },
        ],
        hash,
      }

/** The hash of a node, of which everything that is new is put. At most 257 calls deep. */
function hashed(node: DraftNode, put: StoredMapNode[]): Hash {
  if (node.kind === 'stub') return node.hash
  if (node.hash) return node.hash
  const plain = plainNode(node, put)
  const hash = mapNodeHash(plain)
  put.push({ hash, octets: encodeMapNode(plain) })
  return hash
}

function plainNode(node: DraftLeaf | DraftInner, put: StoredMapNode[]): MapNode {
  if (node.kind === 'leaf') return { kind: 'leaf', key: node.key, value: node.value }
  const [left = EMPTY_MAP_ROOT, right = EMPTY_MAP_ROOT] = node.children.map((child) =>
    hashed(child, put),
  )
  return { kind: 'inner', bit: node.bit, left, right }
}

const nameOf = (hash: Hash): string => Buffer.from(hash).toString('latin1')
