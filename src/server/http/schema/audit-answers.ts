import type { JsonSchema } from './json-schema.js'
import { count, serial } from './scalars.js'
import { boolean, list, orNull, shape, string } from './shape.js'

const alarm = shape(
  { code: string, log: string, detail: string },
  { wanted: string, found: string, record: count, serial, entry: string, reason: string },
)

export const auditSchemas = {
  IndexRecords: shape({
    records: list(shape({ record: string, envelopes: list(string) })),
    next: count,
  }),
  IssuedRecords: shape({
    records: list(shape({ seq: count, record: string, certificate: string, evidence: string })),
    next: count,
  }),
  Audit: shape({
    ok: boolean,
    full: boolean,
    checks: list(
      shape(
        { name: string, ok: boolean, detail: string },
        { code: string, wanted: string, found: string, next: string },
      ),
    ),
    certificates: orNull(shape({ checked: count, gone: count, alarms: count, first: list(alarm) })),
  }),
} as const satisfies Readonly<Record<string, JsonSchema>>
