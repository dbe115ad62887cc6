import { object } from './scalars.js'
import type { JsonSchema } from './json-schema.js'

export const string: JsonSchema = { type: 'string' }
export const boolean: JsonSchema = { type: 'boolean' }
export const integer: JsonSchema = { type: 'integer' }
export const time: JsonSchema = { type: 'string', format: 'date-time' }
export const anyObject: JsonSchema = { type: 'object' }
export const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
export const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })
export const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })

/** Aliases by uid, where an answer names something by its uid. */
export const names: JsonSchema = { type: 'object', additionalProperties: string }

/** Members that are always there, and members that may be absent. */
export function shape(
  always: Readonly<Record<string, JsonSchema>>,
  sometimes: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return object({ ...always, ...sometimes }, Object.keys(always))
}
