import type { Json } from '../../../core/canonical-json.js'
import type { Refusal } from '../../../core/refusal.js'
import { ok, refuse, type Result } from '../../../core/result.js'
import { brakeRequestSchema } from '../../../namespace/brake-schema.js'
import { text } from '../../../namespace/schema-parts.js'
import { documentSchema, requestSchemas } from '../../../namespace/schema.js'
import { voterId } from '../../../namespace/statement-schema.js'
import type { Why } from '../../../namespace/unsigned-proposal.js'
import type { AskedApply, AskedAudit, AskedDraft, JsonBody } from '../../operations.js'
import { object } from './scalars.js'
import { type Body, bodyOf, type JsonSchema } from './json-schema.js'

/** The namespace parses its changes itself, by the schemas that are shown here. */
export const changeBody: Body<JsonBody> = {
  schema: {
    type: 'object',
    discriminator: { propertyName: 'op' },
    required: ['op'],
    oneOf: Object.values(requestSchemas),
  },
  example: { op: 'entry.suspend', alias: 'payments/api', reason: 'decommissioned' },
  parse: anyObject,
}

const { $schema: _dialect, ...document } = documentSchema

type ApplyBody = Why & { readonly document: JsonBody; readonly dryRun: boolean }

const why = { reason: text(500), ticket: text(200) }

/** The document as editors know it from `namespace.schema.json`; the namespace parses that too. */
export const applyBody: Body<ApplyBody> = {
  ...bodyOf<ApplyBody>(
    object({ document: { type: 'object' }, dryRun: { type: 'boolean' }, ...why }, [
      ...['document', 'dryRun'],
    ]),
    { document: { apiVersion: 'capstan/v1', entries: [] }, dryRun: true },
  ),
  schema: object({ document, dryRun: { type: 'boolean' }, ...why }, ['document', 'dryRun']),
}

export const askedApply = ({ document: wanted, dryRun, ...body }: ApplyBody): AskedApply => ({
  document: wanted,
  mode: dryRun ? 'plan' : 'apply',
  why: whyOf(body),
})

type DraftBody = Why & {
  readonly as: string
  readonly change?: JsonBody
  readonly document?: JsonBody
}

const draftOf = (change: JsonSchema, wanted: JsonSchema) => ({
  oneOf: [
    object({ as: voterId, change }),
    object({ as: voterId, document: wanted, ...why }, ['as', 'document']),
  ],
})

/** A change says itself why it is wanted. */
export const draftBody: Body<DraftBody> = {
  ...bodyOf<DraftBody>(draftOf({ type: 'object' }, { type: 'object' }), {
    as: 'ann',
    change: { op: 'entry.suspend', alias: 'payments/api', reason: 'decommissioned' },
  }),
  schema: draftOf(changeBody.schema, document),
}

export const askedDraft = ({ as, change, document: wanted, ...body }: DraftBody): AskedDraft => ({
  as,
  ...(change !== undefined && { change }),
  ...(wanted !== undefined && { document: wanted }),
  why: whyOf(body),
})

const whyOf = ({ reason, ticket }: Why): Why => ({
  ...(reason !== undefined && { reason }),
  ...(ticket !== undefined && { ticket }),
})

const base64 = (maxLength: number) => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: '^[A-Za-z0-9+/]+={0,2}$',
})

/** DSSE envelopes, as they were signed. */
const envelopes = (maxItems: number) =>
  object({
    envelopes: {
      type: 'array',
      minItems: 1,
      maxItems,
      items: object({
        payload: base64(65_536),
        payloadType: { type: 'string', minLength: 1, maxLength: 100, pattern: '^[!-~]+$' },
        signatures: {
          type: 'array',
          minItems: 1,
          maxItems: 1,
          items: object({ sig: base64(200) }),
        },
      }),
    },
  })

type Envelopes = Body<{ readonly envelopes: readonly JsonBody[] }>

export const statementsBody: Envelopes = bodyOf<{ readonly envelopes: readonly JsonBody[] }>(
  envelopes(2),
  {
    envelopes: [
      {
        payload: 'e30=',
        payloadType: 'application/vnd.in-toto+json',
        signatures: [{ sig: 'AAAA' }],
      },
    ],
  },
)

function anyObject(value: unknown): Result<JsonBody, Refusal<'request.malformed'>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return ok(value as Readonly<Record<string, Json>>)
  }
  return refuse('request.malformed', 'the body is no object', {
    wanted: 'one change',
    next: 'GET /v1/openapi.json has the schema',
  })
}

const note = { type: 'string', minLength: 1, maxLength: 50_000 }

/** A checkpoint of the index log that was kept elsewhere, as it was signed. */
export const checkpointBody: Body<{ readonly checkpoint: string }> = bodyOf<{
  readonly checkpoint: string
}>(object({ checkpoint: note }), {
  checkpoint: 'acme.example/index\n4\n…\n\n— acme.example/index …\n',
})

/** Older checkpoints of either log, as they were signed. */
export const auditBody: Body<AskedAudit> = bodyOf<AskedAudit>(
  object({ full: { type: 'boolean' }, index: note, issuance: note }, ['full']),
  { full: true },
)

/** The namespace parses it itself, as it does a change. */
export const brakeBody: Body<JsonBody> = {
  schema: brakeRequestSchema,
  example: { alias: 'payments/api', ttl: 7200, reason: 'its key was seen elsewhere' },
  parse: anyObject,
}

/** One statement, by each of those who use a grant. */
export const invocationBody: Envelopes = bodyOf<{ readonly envelopes: readonly JsonBody[] }>(
  envelopes(32),
  {
    envelopes: [
      {
        payload: 'e30=',
        payloadType: 'application/vnd.capstan.emergency.v1+json',
        signatures: [{ sig: 'AAAA' }],
      },
    ],
  },
)

/** Why this installation's own voter stops a recovery. */
export const cancellationBody: Body<JsonBody> = bodyOf<JsonBody>(object(why, []), {
  reason: 'we are all here',
})

/** One statement, by each of a recovery set, or of those who stop it. */
export const signedRecoveryBody: Envelopes = bodyOf<{ readonly envelopes: readonly JsonBody[] }>(
  envelopes(32),
  {
    envelopes: [
      {
        payload: 'e30=',
        payloadType: 'application/vnd.capstan.recovery.v1+json',
        signatures: [{ sig: 'AAAA' }],
      },
    ],
  },
)

/** One statement, by each of those who brake together. */
export const signedBrakeBody: Envelopes = bodyOf<{ readonly envelopes: readonly JsonBody[] }>(
  envelopes(32),
  {
    envelopes: [
      {
        payload: 'e30=',
        payloadType: 'application/vnd.capstan.brake.v1+json',
        signatures: [{ sig: 'AAAA' }],
      },
    ],
  },
)
