import type { ValidateFunction } from 'ajv'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { aliasPattern, parseAlias } from '../../../core/alias.js'
import type { Refusal } from '../../../core/refusal.js'
import { ok, refuse, type Result } from '../../../core/result.js'

/** A JSON Schema 2020-12, shown in the OpenAPI document and used to check what arrives. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A request body: its schema, its size, and the check that turns it into a `T`. */
export interface Body<T> {
  readonly schema: JsonSchema
  /** A request that the schema admits, for the documentation. */
  readonly example: unknown
  readonly parse: (value: unknown) => Result<T, Refusal<'request.malformed'>>
}

const ajv = new Ajv2020({
  strict: true,
  // `oneOf` with branches that only name what they require is how alternatives are written here.
  strictRequired: false,
  discriminator: true,
  ownProperties: true,
  verbose: true,
  // Given in the schemas as documentation; a pattern beside it decides.
  formats: { 'date-time': true },
  keywords: ['example'],
})

export function bodyOf<T>(schema: JsonSchema, example: unknown): Body<T> {
  let validate: ValidateFunction<T> | undefined
  return {
    schema,
    example,
    parse: (value) => {
      // Compiled when first needed: a command line that only prints help does not wait for it.
      validate ??= ajv.compile<T>(schema)
      if (validate(value)) return ok(value)
      return misfit(validate.errors ?? [])
    },
  }
}

/** Names the place and the rule, never the value: it may be a token. */
function misfit(errors: readonly ErrorObject[]): {
  readonly ok: false
  readonly refusal: Refusal<'request.malformed'>
} {
  const error = errors[0]
  if (error?.keyword === 'pattern' && error.schema === aliasPattern()) {
    // What stands in the way of a name is better said by what knows names; without the value, though.
    const alias = parseAlias(String(error.data))
    if (!alias.ok) {
      const { detail, wanted } = alias.refusal
      return refuse('request.malformed', detail, { ...(wanted !== undefined && { wanted }) })
    }
  }
  const pointer = error?.instancePath ?? ''
  const extra: unknown = error?.params['additionalProperty']
  return refuse('request.malformed', `the body does not fit at "${pointer.slice(0, 200)}"`, {
    wanted: error?.message ?? 'what the OpenAPI document says',
    ...(typeof extra === 'string' && { found: JSON.stringify(extra.slice(0, 60)) }),
    next: 'GET /v1/openapi.json has the schema',
  })
}
