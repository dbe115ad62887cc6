import type { Random } from '../engine/random.js'
import type { Material, Mutator } from './mutator.js'
import { mutateOctets } from './octets.js'

/** Changes one value of a JSON text. Spells it plainly, seldom with white space or a key twice. */
export const mutateJson: Mutator = (input, material) => {
  const value = parse(input)
  if (value === undefined) return undefined
  return Buffer.from(spelled(JSON.stringify(mutatedValue(value, material)), material), 'utf8')
}

/** The same, as canonical JSON (RFC 8785) where the values allow it. */
export const mutateCanonical: Mutator = (input, material) => {
  const value = parse(input)
  return value === undefined
    ? undefined
    : Buffer.from(JSON.stringify(sorted(mutatedValue(value, material))), 'utf8')
}

/** The value of a JSON text; undefined when it is none. */
export function parse(input: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(input).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

export type Holder = unknown[] | Record<string, unknown>

/** A copy of the value with one to three changes. Other inputs are what `read` makes of them. */
export function mutatedValue(value: unknown, material: Material, read = parse): unknown {
  const { random } = material
  const root = { value: structuredClone(value) }
  for (let count = random.pick([1, 1, 1, 2, 3]); count > 0; count -= 1) {
    const places = placesOf(root)
    // What has grown this large grows by doubling from here.
    if (places.length > MOST_PLACES) break
    const { holder, key } = random.pick(places)
    random.pick(edits)(holder, key, material, read)
  }
  return root.value ?? null
}

const MOST_PLACES = 4096

interface Place {
  readonly holder: Holder
  readonly key: string
}

/** Every value and the object or array it stands in. */
function placesOf(holder: Holder): readonly Place[] {
  const places: Place[] = []
  const rest: Holder[] = [holder]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    for (const key of Object.keys(next)) {
      places.push({ holder: next, key })
      const value = get(next, key)
      if (typeof value === 'object' && value !== null) rest.push(value as Holder)
    }
  }
  return places.length === 0 ? [{ holder, key: 'value' }] : places
}

export const get = (holder: Holder, key: string): unknown =>
  Array.isArray(holder) ? holder[Number(key)] : holder[key]

export function set(holder: Holder, key: string, value: unknown): void {
  // Not an assignment: the key may be `__proto__`.
  Object.defineProperty(holder, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

type Edit = (holder: Holder, key: string, material: Material, read: typeof parse) => void

const edits: readonly Edit[] = [
  remove,
  function replace(holder, key, material) {
    set(holder, key, newValue(material))
  },
  function replaceByWord(holder, key, { word }) {
    set(holder, key, word())
  },
  function rename(holder, key, { word }) {
    if (Array.isArray(holder)) return
    const value = get(holder, key)
    Reflect.deleteProperty(holder, key)
    set(holder, word(), value)
  },
  function insert(holder, key, material) {
    const value = get(holder, key)
    const into = typeof value === 'object' && value !== null ? (value as Holder) : holder
    if (Array.isArray(into))
      into.splice(material.random.below(into.length + 1), 0, newValue(material))
    else set(into, newKey(material), newValue(material))
  },
  function repeat(holder, key, { random }) {
    const value = get(holder, key)
    const times = random.oneIn(8) ? 1 << random.below(10) : 1
    if (!Array.isArray(holder)) {
      if (Array.isArray(value))
        for (let i = 0; i < times; i += 1) value.push(structuredClone(value[0]))
      return
    }
    for (let i = 0; i < times; i += 1) holder.splice(Number(key), 0, structuredClone(value))
  },
  function wrap(holder, key, { random }) {
    let value = get(holder, key)
    const depth = random.oneIn(8) ? random.below(40) : 1
    for (let i = 0; i < depth; i += 1) value = random.oneIn(2) ? [value] : { a: value }
    set(holder, key, value)
  },
  function graft(holder, key, { random, other }, read) {
    const places = placesOf({ value: read(other()) })
    const from = random.pick(places)
    set(holder, key, structuredClone(get(from.holder, from.key)) ?? null)
  },
  changeScalar,
  changeScalar,
  changeScalar,
]

export function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else Reflect.deleteProperty(holder, key)
}

/** A boolean, number or text becomes another that is nearly the same; anything else, something new. */
export function changeScalar(holder: Holder, key: string, material: Material): void {
  const { random } = material
  const value = get(holder, key)
  if (typeof value === 'string') set(holder, key, changedText(value, material))
  else if (typeof value === 'boolean') set(holder, key, !value)
  else if (typeof value !== 'number') set(holder, key, newValue(material))
  else set(holder, key, random.oneIn(2) ? value + random.below(5) - 2 : newNumber(random))
}

function changedText(text: string, material: Material): string {
  const { random, word } = material
  if (random.oneIn(8)) return text + random.pick(ODD_TEXT)
  if (random.oneIn(8)) return text + random.pick(['/', '.', ':', '-']) + word()
  return Buffer.from(mutateOctets(Buffer.from(text), material) ?? []).toString('utf8')
}

export const ODD_TEXT = [
  '\u0000',
  '\n',
  '\u2028',
  '\ud800',
  '\u{1f600}',
  '\\',
  '"',
  '/',
  ' ',
  'é',
  '..',
  '-',
]
const NUMBERS = [0, -1, 1, 1.5, 2, 255, 256, 3600, 86_400, 86_401, 65_535, 65_536].concat([
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
  253_402_300_799,
  253_402_300_800,
])

export const newNumber = (random: Random): number => random.pick(NUMBERS)

function newValue(material: Material): unknown {
  const { random, word } = material
  switch (random.below(8)) {
    case 0:
      return null
    case 1:
      return random.oneIn(2)
    case 2:
      return newNumber(random)
    case 3:
      return []
    case 4:
      return {}
    case 5:
      return { [newKey(material)]: word() }
    case 6:
      return random.oneIn(4) ? random.pick(ODD_TEXT) : ''
    default:
      return word()
  }
}

const KEYS = ['__proto__', 'constructor', 'toString', 'length', '', '0', 'a']

const newKey = ({ random, word }: Material): string =>
  random.oneIn(6) ? random.pick(KEYS) : word()

/** JSON that means the same, or nearly. */
export function spelled(text: string, { random }: Material): string {
  switch (random.below(16)) {
    case 0:
      return text.replace(/[,:]/g, (sign) => `${sign} `)
    case 1:
      return text.replace(/("[^"\\]*"):/, '$1:0,$1:')
    case 2:
      return text.replace(/[a-z]/g, (letter) =>
        random.oneIn(4) ? `\\u00${letter.charCodeAt(0).toString(16)}` : letter,
      )
    case 3:
      return `${text}\n`
    default:
      return text
  }
}

/** Members in the order that RFC 8785 wants. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const object = {}
  for (const [key, item] of members) set(object, key, sorted(item))
  return object
}
