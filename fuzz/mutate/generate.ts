import type { Random } from '../engine/random.js'
import { newNumber, ODD_TEXT, set } from './json.js'
import type { Material } from './mutator.js'

/** As much of JSON Schema 2020-12 as the schemas of Capstan use. */
export interface Schema {
  readonly type?: string | undefined
  readonly const?: unknown
  readonly enum?: readonly unknown[] | undefined
  readonly oneOf?: readonly Schema[] | undefined
  readonly anyOf?: readonly Schema[] | undefined
  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: false | Schema | undefined
  readonly propertyNames?: Schema | undefined
  readonly items?: Schema | undefined
  readonly pattern?: string | undefined
  readonly maxLength?: number | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly minItems?: number | undefined
  readonly maxItems?: number | undefined
}

/** Beyond this, only what must be there is. */
const DEEP = 4

/** A new value: mostly what the schema wants, at its limits as often as between, seldom just beyond. */
export function generated(schema: Schema, material: Material, depth = 0): unknown {
  const { random, word } = material
  if (random.oneIn(48)) {
    return random.pick<unknown>([null, true, '', [], {}, word(), newNumber(random)])
  }
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return random.pick(schema.enum)
  const branches = schema.oneOf ?? schema.anyOf
  if (branches && !schema.properties) return generated(random.pick(branches), material, depth)
  switch (schema.type ?? 'string') {
    case 'object':
      return objectOf(schema, material, depth)
    case 'array':
      return listOf(schema, material, depth)
    case 'integer':
      return integerOf(schema, material)
    case 'boolean':
      return random.oneIn(2)
    case 'null':
      return null
    default:
      return textOf(schema, material)
  }
}

function objectOf(schema: Schema, material: Material, depth: number): object {
  const { random, word } = material
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema
  const object = {}
  for (const [key, inner] of Object.entries(properties)) {
    const isThere = required.includes(key) ? !random.oneIn(32) : depth < DEEP && random.oneIn(2)
    if (isThere) set(object, key, generated(inner, material, depth + 1))
  }
  if (additionalProperties !== undefined && additionalProperties !== false) {
    for (let count = 1 + random.below(2); count > 0; count -= 1) {
      const name = propertyNames ? textOf(propertyNames, material) : word()
      set(object, name, generated(additionalProperties, material, depth + 1))
    }
  }
  return object
}

function listOf(
  { items = {}, minItems, maxItems = 100 }: Schema,
  material: Material,
  depth: number,
) {
  const { random } = material
  // One too many, where that is not a lot.
  const isLong = maxItems <= 100 && random.oneIn(16)
  const length = minItems ?? (isLong ? maxItems + random.below(2) : random.below(4))
  return Array.from({ length }, () => generated(items, material, depth + 1))
}

function integerOf({ minimum = 0, maximum = 2 ** 31 }: Schema, { random }: Material): number {
  switch (random.below(8)) {
    case 0:
      return newNumber(random)
    case 1:
      return random.pick([minimum - 1, maximum + 1])
    case 2:
    case 3:
      return random.pick([minimum, maximum])
    case 4:
      return minimum + random.below(10)
    default:
      return minimum + random.below(Math.min(maximum - minimum + 1, 2 ** 31))
  }
}

/** Text of the forms that names, addresses, times and places have, right and nearly right. */
const SAMPLES: readonly string[] = [
  ...['a', 'api', 'web', 'payments', 'shop', 'payments/api', 'payments/eu/api', 'shop/web', ''],
  ...[
    'a/b/c/d/e/f/g/h',
    'a/b/c/d/e/f/g/h/i',
    'prod',
    'tier',
    'Region',
    'A/b',
    'a//b',
    'a-',
    'a.b.c',
  ],
  ...[
    'localhost',
    'ca.example',
    'xn--a.example',
    '*.example',
    '10.0.0.1',
    '::1',
    '[::1]',
    '::ffff:1.2.3.4',
  ],
  ...[
    '0.0.0.0:8443',
    '[::]:8443',
    'localhost:0',
    '127.0.0.1:65535',
    '127.0.0.1:65536',
    '[::1]:99999',
  ],
  ...[
    '999.1.1.1:80',
    '[1::2::3]:1',
    '1.2.3:4444',
    'off',
    '1s',
    '90m',
    '24h',
    '30d',
    '999999999d',
    '0s',
    '1w',
  ],
  ...[
    '2027-01-31T00:00:00Z',
    '2028-02-29T23:59:59Z',
    '2027-02-29T00:00:00Z',
    '2027-13-01T00:00:00Z',
  ],
  ...[
    '1970-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2027-01-31T24:00:00Z',
    '2026-12-31T23:59:60Z',
  ],
  ...[
    'https://a.example',
    'https://a.example/keys?x=1#y',
    'http://a.example',
    'https://',
    'CAPSTAN_KEK',
  ],
  ...[
    '_a1',
    'a b',
    '../x',
    '/var/lib/capstan',
    'a/./b',
    '~/x',
    'prod/payments/api',
    'b234567abcdef',
  ],
  ...['4f0c3a9e5b7d1f2846a0c8e2b4d6f081', 'AAAA', 'S3CRET-of-mine', 'ch234567abcdefghijklmnopqrst'],
  ...['eabcdefghijklmnopqrstuvwxyz234567', 'a'.repeat(63), 'a'.repeat(64)],
]

/** Samples by the pattern that they match. */
const matching = new Map<string, readonly string[]>()

function samplesOf({ pattern, maxLength = Infinity }: Schema): readonly string[] {
  const key = pattern ?? ''
  const known = matching.get(key) ?? SAMPLES.filter((text) => new RegExp(key, 'u').test(text))
  matching.set(key, known)
  return known.filter(({ length }) => length <= maxLength)
}

function textOf(schema: Schema, material: Material): string {
  const { random, word } = material
  const samples = samplesOf(schema)
  const fitting = samples.length > 0 ? random.pick(samples) : word()
  switch (random.below(12)) {
    case 0:
      return random.pick(SAMPLES)
    case 1:
      return word()
    case 2:
      return fitting + random.pick(ODD_TEXT)
    case 3:
      return longer(fitting, schema, random)
    case 4:
      return `${fitting}${random.pick(['', '-', '.', '/'])}${random.below(100)}`
    default:
      return fitting
  }
}

/** As long as it may be, one more, or anything: a path has room for 4096, a socket's for 103. */
function longer(text: string, { maxLength = 300 }: Schema, random: Random): string {
  const length = random.oneIn(2) ? random.below(300) : maxLength + random.below(2)
  return text.padEnd(Math.min(length, MOST_TEXT), random.pick(['a', '/a', 'a.', '-a']))
}

const MOST_TEXT = 5000
