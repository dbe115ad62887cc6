import { aliasPattern, regionPattern } from '../core/alias.js'

/** JSON Schema 2020-12: the parts that the schemas of governed objects are made of. */
type Schema = Readonly<Record<string, unknown>>

export interface ObjectSchema extends Schema {
  readonly properties: Schema
  readonly required: readonly string[]
}

export const setOf = (values: readonly string[]): Schema => ({
  type: 'array',
  items: { enum: values },
  maxItems: values.length,
  uniqueItems: true,
})
/** Without control characters, which would reach terminals and logs. */
export const text = (maxLength: number): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$',
})
export const regions = {
  type: 'array',
  maxItems: 100,
  items: { type: 'string', maxLength: 200, pattern: regionPattern() },
  description: 'regions of aliases; "" is everything',
}
export const object = (properties: Schema, required: readonly string[] = []): ObjectSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

export const alias = {
  type: 'string',
  maxLength: 200,
  pattern: aliasPattern(),
  description: '1 to 8 labels joined by "/": payments/api',
}
export const uid = { type: 'string', pattern: '^[sec][a-z2-7]{31}$' }
export const label = { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' }
export const dnsName = {
  type: 'string',
  maxLength: 253,
  pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$',
}

/** Also the root's, which is empty. */
export const anyAlias = { alias: { type: 'string', maxLength: 200, pattern: regionPattern() } }

export const recordNumber = {
  type: 'integer',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'number of a record of the index log',
}

export const port = { type: 'integer', minimum: 1, maximum: 65_535 }
export const portRanges = {
  type: 'array',
  maxItems: 100,
  items: { type: 'array', minItems: 2, maxItems: 2, items: port },
}

/** 9999-12-31T23:59:59Z, the last that X.509 can say (RFC 5280 section 4.1.2.5). */
export const LAST_INSTANT = 253_402_300_799

export const instantSeconds = { type: 'integer', minimum: 0, maximum: LAST_INSTANT }

export const instant = {
  oneOf: [
    {
      type: 'string',
      format: 'date-time',
      pattern: '^(?:19[7-9]\\d|[2-9]\\d{3})-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$',
    },
    instantSeconds,
  ],
}

const why = { reason: text(500), ticket: text(200) }

/** One change, as a person asks for it. */
export const request = (
  op: string,
  properties: Schema = {},
  required: readonly string[] = [],
): ObjectSchema =>
  object({ op: { const: op }, alias, ...properties, ...why }, ['op', 'alias', ...required])
