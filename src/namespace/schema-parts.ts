/** Parts of JSON Schema 2020-12 that several schemas are made of. */
/** Without control characters, which would reach terminals and logs. */
export const text = (maxLength: number): Readonly<Record<string, unknown>> => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$',
})

interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Record<string, unknown>
  readonly required: readonly string[]
  readonly additionalProperties: false
}

/** Closed: what it does not name it does not allow. */
export const object = (
  properties: Record<string, unknown>,
  required: readonly string[] = [],
): ObjectSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

/** DNS-1123. */
export const label = { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' }

/** 9999-12-31T23:59:59Z, the last that X.509 can say (RFC 5280 section 4.1.2.5). */
const LAST_INSTANT = 253_402_300_799

export const instantSeconds = { type: 'integer', minimum: 0, maximum: LAST_INSTANT }
