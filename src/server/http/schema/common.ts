import { keyAlgorithms } from '../../../core/key-algorithm.js'
import type { JsonSchema } from './json-schema.js'

/** An object with these members and no others. */
export function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = Object.keys(properties),
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

export const arrayOf = (items: JsonSchema, maxItems: number): JsonSchema => ({
  type: 'array',
  items,
  maxItems,
})

/** Text without control characters, which would reach terminals and logs. */
export const text = (maxLength: number, minLength = 1): JsonSchema => ({
  type: 'string',
  minLength,
  maxLength,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$',
})

const SEGMENT = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'

/** `payments/checkout/api` */
export const alias: JsonSchema = {
  type: 'string',
  maxLength: 200,
  pattern: `^${SEGMENT}(?:/${SEGMENT}){0,7}$`,
}

/** An alias, or the empty string for the root. */
export const region: JsonSchema = {
  type: 'string',
  maxLength: 200,
  pattern: `^(?:${SEGMENT}(?:/${SEGMENT}){0,7})?$`,
}

export const dnsName: JsonSchema = {
  type: 'string',
  maxLength: 253,
  pattern: `^${SEGMENT}(?:\\.${SEGMENT})*$`,
}

export const instant: JsonSchema = {
  type: 'string',
  format: 'date-time',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$',
}

export const keyAlgorithm: JsonSchema = { enum: [...keyAlgorithms] }

/** Lower-case hex of 16 octets. */
export const serial: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{32}$' }

export const count: JsonSchema = { type: 'integer', minimum: 0 }
