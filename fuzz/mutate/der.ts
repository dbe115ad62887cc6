import { oidOctets } from '../../src/core/oid.js'
import type { Random } from '../engine/random.js'
import { type DerNode, readNodes, writeNodes } from '../oracle/der-nodes.js'
import type { Material, Mutator } from './mutator.js'
import { mutateOctets } from './octets.js'

const TAGS = [
  1, 2, 3, 4, 5, 6, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e, 0x1f, 0x30, 0x31,
].concat([0x80, 0x81, 0x82, 0x84, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa3, 0xa4, 0xa5, 0x24, 0x00])

/** Changes one value of a DER tree and writes all lengths around it anew. */
export const mutateDer: Mutator = (input, material) => {
  const { random } = material
  const nodes = readNodes(input)
  if (nodes === undefined) return undefined
  const places = placesOf(nodes)
  if (places.length === 0) return undefined
  const { siblings, at } = random.pick(places)
  random.pick(edits)(siblings, at, material)
  const octets = writeNodes(nodes)
  // Now and then a length that is spelled too long, or is wrong.
  return random.oneIn(24) ? mutateOctets(octets, material) : octets
}

interface Place {
  readonly siblings: DerNode[]
  readonly at: number
}

/** Every value, and those it stands among. */
function placesOf(siblings: DerNode[], places: Place[] = []): readonly Place[] {
  for (const [at, { children }] of siblings.entries()) {
    places.push({ siblings, at })
    if (children) placesOf(children, places)
  }
  return places
}

type Edit = (siblings: DerNode[], at: number, material: Material) => void

const edits: readonly Edit[] = [
  function remove(siblings, at) {
    siblings.splice(at, 1)
  },
  function repeat(siblings, at, { random }) {
    const node = siblings[at]
    if (!node) return
    const times = random.oneIn(8) ? 1 << random.below(9) : 1
    for (let i = 0; i < times; i += 1) siblings.splice(at, 0, structuredClone(node))
  },
  function swap(siblings, at, { random }) {
    const [taken] = siblings.splice(at, 1)
    if (taken) siblings.splice(random.below(siblings.length + 1), 0, taken)
  },
  function retag(siblings, at, { random }) {
    const node = siblings[at]
    if (node) node.tag = random.pick(TAGS)
  },
  function changeContent(siblings, at, material) {
    const node = siblings[at]
    if (!node) return
    const content = node.children ? writeNodes(node.children) : node.content
    node.content = mutateOctets(content, material) ?? content
    delete node.children
  },
  function empty(siblings, at) {
    const node = siblings[at]
    if (!node) return
    node.content = new Uint8Array(0)
    delete node.children
  },
  function wrap(siblings, at, { random }) {
    const node = siblings[at]
    if (!node) return
    const depth = random.oneIn(8) ? random.below(40) : 1
    for (let i = 0; i < depth; i += 1) {
      const inner = siblings[at] ?? node
      siblings[at] = {
        tag: random.pick([0x30, 0x31, 4, 0xa0]),
        content: NOTHING,
        children: [inner],
      }
    }
  },
  function spellLonger(siblings, at, { random }) {
    const node = siblings[at]
    if (node) node.needless = 1 + random.below(2)
  },
  function unwrap(siblings, at) {
    siblings.splice(at, 1, ...(siblings[at]?.children ?? []))
  },
  function insert(siblings, at, material) {
    siblings.splice(at, 0, newNode(material))
  },
  function replace(siblings, at, material) {
    siblings[at] = newNode(material)
  },
  function graft(siblings, at, { random, other }) {
    const places = placesOf(readNodes(other()) ?? [])
    if (places.length === 0) return
    const from = random.pick(places)
    const node = from.siblings[from.at]
    if (node) siblings.splice(at, random.below(2), node)
  },
]

const NOTHING = new Uint8Array(0)

function newNode({ random, word }: Material): DerNode {
  const text = word()
  if (/^[0-2](\.\d{1,20}){2,20}$/.test(text) && !random.oneIn(4)) {
    return { tag: 6, content: oidOrNothing(text) }
  }
  switch (random.below(6)) {
    case 0:
      return { tag: 5, content: NOTHING }
    case 1:
      return { tag: 1, content: Uint8Array.of(random.pick([0, 1, 0xff])) }
    case 2:
      return { tag: 2, content: integerContent(random) }
    case 3:
      return { tag: 3, content: Uint8Array.of(random.below(9), random.below(256)) }
    default:
      return { tag: random.pick([0x0c, 0x13, 0x16, 0x82, 0x86]), content: Buffer.from(text) }
  }
}

const integerContent = (random: Random): Uint8Array =>
  random.oneIn(4)
    ? Uint8Array.from({ length: random.below(24) }, () => random.below(256))
    : Uint8Array.of(random.below(4))

function oidOrNothing(dotted: string): Uint8Array {
  try {
    return oidOctets(dotted)
  } catch {
    return NOTHING
  }
}
