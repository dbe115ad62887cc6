import { sha256Hex, type Uid } from '../core/uid.js'
import { type Binding, type BindingFacts, selectorsOverlap } from './binding.js'
import type { Entry } from './entry.js'
import type { StateTables } from './state-tables.js'

type Selector = Extract<BindingFacts, { kind: 'vm' }>

/**
 * Keys of the rows under which a selector is found:
 * `<attestor> <names of its keys> <one key> <digest of one value> <uid>/<binding id>`.
 * None of the parts holds a space or sorts below one, so that a prefix is a range.
 */
export function selectorKeys(uid: Uid, binding: Binding): string[] {
  if (binding.kind !== 'vm') return []
  return Object.entries(binding.match).flatMap(([key, values]) =>
    [...new Set(values)].map(
      (value) =>
        `${valuePrefix(binding.attestor, shapeOf(binding), key, value)}${uid}/${binding.id}`,
    ),
  )
}

/** Which keys it names: there are few shapes, however many selectors. */
const shapeOf = ({ match }: Selector): string => Object.keys(match).sort().join(',')

const valuePrefix = (attestor: string, shape: string, key: string, value: string): string =>
  `${attestor} ${shape} ${key} ${sha256Hex(value).slice(0, 32)} `

/** Below every key that starts with `prefix`, which ends in a space, and above all that do. */
const after = (prefix: string): string => `${prefix.slice(0, -1)}!`

/** Another entry that one machine could fit too; undefined when there is none. */
export function overlapping(
  { selectors, entries }: Pick<StateTables, 'selectors' | 'entries'>,
  entry: Pick<Entry, 'uid' | 'bindings'>,
): Uid | undefined {
  for (const own of entry.bindings) {
    if (own.kind !== 'vm') continue
    for (const shape of shapes(selectors, own.attestor)) {
      const holder = overlapInShape({ selectors, entries }, entry.uid, own, shape)
      if (holder !== undefined) return holder
    }
  }
  return undefined
}

/** Every shape that selectors of this attestor have, found by leaping from one to the next. */
function* shapes(selectors: StateTables['selectors'], attestor: string): Iterable<string> {
  const [from, below] = [`${attestor} `, after(`${attestor} `)]
  for (let next = from; ;) {
    const [row] = selectors.range(next, below)
    const shape = row?.[0].split(' ')[1]
    if (shape === undefined) return
    yield shape
    next = after(`${attestor} ${shape} `)
  }
}

function overlapInShape(
  { selectors, entries }: Pick<StateTables, 'selectors' | 'entries'>,
  uid: Uid,
  own: Selector,
  shape: string,
): Uid | undefined {
  const prefix = `${own.attestor} ${shape} `
  const shared = shape.split(',').filter((key) => Object.hasOwn(own.match, key))
  const searches =
    shared.length === 0
      ? [rowsIn(selectors, [prefix])]
      : shared.map((key) =>
          rowsIn(
            selectors,
            (own.match[key] ?? []).map((value) => valuePrefix(own.attestor, shape, key, value)),
          ),
        )
  // What overlaps is found under each key that both name: the key with the fewest rows decides.
  for (;;) {
    for (const search of searches) {
      const row = search.next()
      if (row.done === true) return undefined
      const [key, holder] = row.value
      if (holder === uid) continue
      const id = key.slice(key.lastIndexOf('/') + 1)
      const other = entries.get(holder)?.bindings.find((binding) => binding.id === id)
      if (other && selectorsOverlap(own, other)) return holder
    }
  }
}

function* rowsIn(
  selectors: StateTables['selectors'],
  prefixes: readonly string[],
): Generator<readonly [string, Uid], undefined> {
  for (const prefix of prefixes) yield* selectors.range(prefix, after(prefix))
  return undefined
}
