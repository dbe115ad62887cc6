import { changeScalar, get, type Holder, remove, set } from './json.js'
import type { Material } from './mutator.js'
import { generated, type Schema } from './generate.js'

/** A value that a schema says something about, and where it stands. */
interface Place {
  readonly holder: Holder
  readonly key: string
  readonly schema: Schema
}

/** What is at hand for a change. */
interface Bench {
  readonly material: Material
  /** Every value that the input and another one have for a schema: names that refer to each other. */
  readonly alike: ReadonlyMap<Schema, readonly unknown[]>
}

/**
 * A copy of the value with one to four changes that know what belongs where: members that were left
 * out, numbers and texts at their limits, items twice, and what stands in the other value, or elsewhere
 * in this one, where the schema wants the same thing. Mostly still valid, or nearly.
 */
export function mutatedBySchema(
  value: unknown,
  schema: Schema,
  other: unknown,
  material: Material,
): unknown {
  const { random } = material
  if (random.oneIn(32)) return generated(schema, material)
  const root = { value: structuredClone(value) }
  const places = [...placesOf(root, 'value', schema), ...placesOf({ other }, 'other', schema)]
  const alike = new Map<Schema, unknown[]>()
  for (const { holder, key, schema: wanted } of places) {
    const found = get(holder, key)
    if (found !== undefined) alike.set(wanted, [...(alike.get(wanted) ?? []), found])
  }
  const bench = { material, alike }
  for (let count = random.pick([1, 1, 1, 2, 2, 4]); count > 0; count -= 1) {
    const here = [...placesOf(root, 'value', schema)]
    if (here.length > MOST_PLACES) break
    change(random.pick(here), bench)
  }
  return root.value ?? null
}

const MOST_PLACES = 2048

function* placesOf(holder: Holder, key: string, schema: Schema): Generator<Place> {
  const value = get(holder, key)
  yield { holder, key, schema }
  if (typeof value !== 'object' || value === null) return
  const branch = branchOf(schema, value)
  for (const member of Object.keys(value)) {
    const inner = memberSchema(branch, value as Holder, member)
    if (inner) yield* placesOf(value as Holder, member, inner)
  }
}

function memberSchema(schema: Schema, holder: Holder, key: string): Schema | undefined {
  if (Array.isArray(holder)) return schema.items
  const { properties = {}, additionalProperties } = schema
  if (Object.hasOwn(properties, key)) return properties[key]
  return additionalProperties === false ? undefined : additionalProperties
}

/** Of several schemas, the one that a value was most likely written for. */
function branchOf(schema: Schema, value: object): Schema {
  const branches = schema.oneOf ?? schema.anyOf ?? []
  let [best, most] = [schema, -1]
  for (const branch of branches) {
    const { properties = {} } = branch
    const known = Object.keys(value).filter((key) => Object.hasOwn(properties, key))
    const isOther = known.some((key) => {
      const wanted = properties[key]?.const
      return wanted !== undefined && wanted !== get(value as Holder, key)
    })
    const fits = branch.type === undefined || (branch.type === 'array') === Array.isArray(value)
    const points = isOther || !fits ? -1 : known.length
    // What only says which members go together has none of its own.
    if (points > most && (branch.properties || branch.items)) [best, most] = [branch, points]
  }
  return best === schema || best.oneOf === undefined ? best : branchOf(best, value)
}

function change(place: Place, bench: Bench): void {
  const value = get(place.holder, place.key)
  const { random } = bench.material
  if (random.oneIn(12)) remove(place.holder, place.key)
  else if (Array.isArray(value)) changeList(value, branchOf(place.schema, value), bench)
  else if (typeof value === 'object' && value !== null) changeObject(place, value, bench)
  else replace(place, bench)
}

/** Another value of its kind: from elsewhere, a new one, or nearly the same. */
function replace({ holder, key, schema }: Place, { material, alike }: Bench): void {
  const { random } = material
  const others = alike.get(schema) ?? []
  if (random.oneIn(3) && others.length > 1) set(holder, key, structuredClone(random.pick(others)))
  else if (random.oneIn(4)) changeScalar(holder, key, material)
  else set(holder, key, generated(schema, material))
}

function changeObject(place: Place, object: object, bench: Bench): void {
  const { random } = bench.material
  const { properties = {}, additionalProperties, propertyNames } = branchOf(place.schema, object)
  const absent = Object.keys(properties).filter((key) => !Object.hasOwn(object, key))
  const isOpen = additionalProperties !== undefined && additionalProperties !== false
  if (isOpen && !random.oneIn(4)) {
    const name = propertyNames ? generated(propertyNames, bench.material) : bench.material.word()
    addMember(object, String(name), additionalProperties, bench)
  } else if (absent.length > 0 && !random.oneIn(4)) {
    const key = random.pick(absent)
    addMember(object, key, properties[key] ?? {}, bench)
  } else {
    replace(place, bench)
  }
}

function addMember(object: object, key: string, schema: Schema, bench: Bench): void {
  set(object as Holder, key, oneOfKind(schema, bench))
}

function changeList(list: unknown[], schema: Schema, bench: Bench): void {
  const { random } = bench.material
  const items = schema.items ?? {}
  const at = random.below(list.length + 1)
  switch (random.below(6)) {
    case 0:
    case 1:
      list.splice(at, 0, oneOfKind(items, bench))
      break
    case 2:
    case 3:
      twice(list, items, bench)
      break
    case 4:
      list.splice(at, 0, ...list.splice(random.below(list.length + 1), 1))
      break
    default:
      list.splice(at, 1)
  }
}

/** An item again, with one change mostly: two that are nearly the same. */
function twice(list: unknown[], items: Schema, bench: Bench): void {
  const { random } = bench.material
  if (list.length === 0) return
  const root = { value: structuredClone(random.pick(list)) }
  if (!random.oneIn(4)) {
    const [whole, ...parts] = [...placesOf(root, 'value', items)]
    const place = parts.length > 0 ? random.pick(parts) : whole
    if (place) change(place, bench)
  }
  // The change may have been to take it away.
  if (root.value !== undefined) list.splice(random.below(list.length + 1), 0, root.value)
}

function oneOfKind(schema: Schema, { material, alike }: Bench): unknown {
  const others = alike.get(schema) ?? []
  const { random } = material
  return others.length > 0 && random.oneIn(2)
    ? structuredClone(random.pick(others))
    : generated(schema, material)
}
