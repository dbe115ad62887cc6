import { aliasPattern, regionPattern } from '../../../core/alias.js'
import type { JsonSchema } from './json-schema.js'

/** An object with these members and no others. */
export function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = Object.keys(properties),
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

/** `payments/checkout/api` */
export const alias: JsonSchema = {
  type: 'string',
  maxLength: 200,
  pattern: aliasPattern(),
}

/** An alias, or the empty string for the root. */
export const region: JsonSchema = {
  type: 'string',
  maxLength: 200,
  pattern: regionPattern(),
}

/** Lower-case hex of 16 octets. */
export const serial: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{32}$' }

export const count: JsonSchema = { type: 'integer', minimum: 0 }
