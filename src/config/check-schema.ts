import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ErrorObject } from 'ajv'
import { configSchema, nodeAt } from './config-schema.js'
import { showFound } from './config-problem.js'
import { closest } from './suggest.js'

/** One way in which a value is not what the schema says. */
export interface Mismatch {
  readonly path: readonly string[]
  readonly what: string
  readonly wanted?: string
  readonly found?: string
}

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, verbose: true })
ajv.addKeyword('wanted')
const validate = ajv.compile(configSchema)

/** Compares a value with the schema: every mismatch, at most one per place, in order of appearance. */
export function checkSchema(value: unknown): readonly Mismatch[] {
  if (validate(value)) return []
  const seen = new Map<string, Mismatch>()
  for (const error of validate.errors ?? []) {
    const mismatch = mismatchOf(error)
    const place = mismatch.path.join('/')
    if (!seen.has(place)) seen.set(place, mismatch)
  }
  return [...seen.values()]
}

function mismatchOf(error: ErrorObject): Mismatch {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (error.keyword === 'additionalProperties') return unknownKey(path, error)
  const node = nodeAt(path) ?? nodeAt(path.slice(0, -1))
  const wanted = node?.wanted ?? (node?.type === 'object' ? 'a section' : undefined)
  return {
    path,
    what: 'not accepted',
    ...(wanted === undefined ? {} : { wanted }),
    found: showFound(path, error.data),
  }
}

function unknownKey(path: readonly string[], error: ErrorObject): Mismatch {
  const key = String((error.params as Readonly<Record<string, unknown>>)['additionalProperty'])
  const siblings = Object.keys(nodeAt(path)?.properties ?? {})
  const near = closest(key, siblings)
  return {
    path: [...path, key.slice(0, 64)],
    what: near === undefined ? 'no such key' : `no such key; did you mean "${near}"?`,
    ...(near === undefined ? { wanted: `one of ${siblings.join(', ')}` } : {}),
  }
}
