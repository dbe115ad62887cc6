import { aliasPattern, type AliasRefusal, parseAlias } from '../core/alias.js'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { toIso, unixSeconds } from '../core/time.js'
import type { Owner } from './entry.js'
import type { ClusterFacts } from './cluster.js'
import type { Envelope } from './envelope.js'
import type { GroupRequest } from './operation.js'
import type { Guard } from './guard/guard.js'
import type { RuleChangeRequest, RuleRequest, SplitRequest } from './rule/rule-request.js'
import { brakeRequestSchema } from './brake-schema.js'
import { bodySchemas, documentSchema, requestSchemas } from './schema.js'

/** A binding as people write it: the cluster by alias. */
export type BindingRequest =
  | {
      readonly kind: 'k8s'
      readonly cluster: string
      readonly namespace: string
      readonly serviceAccount: string
    }
  | {
      readonly kind: 'vm'
      readonly attestor: string
      readonly match: Readonly<Record<string, readonly string[]>>
    }
  | {
      readonly kind: 'edge'
      readonly attestor: string
      readonly device: string
      readonly fleet?: string
    }

interface Why {
  readonly reason?: string
  readonly ticket?: string
}

/** ISO 8601 (`...Z`) or Unix seconds. */
export type InstantText = string | number

/**
 * What a person asks for. An envelope here says only what differs: from the default when something
 * is created, from the present when it is set.
 */
export type ChangeRequest = Why &
  (
    | { readonly op: 'scope.create'; readonly alias: string; readonly envelope?: Envelope }
    | {
        readonly op: 'scope.suspend' | 'scope.reactivate' | 'scope.retire'
        readonly alias: string
      }
    | {
        readonly op: 'entry.create'
        readonly alias: string
        readonly owner: Owner
        readonly envelope?: Envelope
        readonly bindings?: readonly BindingRequest[]
        readonly labels?: Readonly<Record<string, string>>
        readonly validUntil?: InstantText
      }
    | {
        readonly op: 'entry.suspend' | 'entry.reactivate' | 'entry.retire'
        readonly alias: string
      }
    | {
        readonly op: 'entry.update'
        readonly alias: string
        readonly owner?: Owner
        readonly labels?: Readonly<Record<string, string>>
        /** Null: for ever. */
        readonly validUntil?: InstantText | null
      }
    | { readonly op: 'entry.rename'; readonly alias: string; readonly to: string }
    | { readonly op: 'binding.add'; readonly alias: string; readonly binding: BindingRequest }
    | {
        readonly op: 'binding.remove'
        readonly alias: string
        /** Its id, or `cluster/namespace/serviceAccount`. */
        readonly binding: string
      }
    | { readonly op: 'envelope.set'; readonly alias: string; readonly envelope: Envelope }
    | {
        readonly op: 'group.set'
        /** Of a scope; empty for the root. */
        readonly alias: string
        readonly group: GroupRequest
        /** By the voters of the scope above, over the heads of its own. */
        readonly intervene?: true
      }
    | {
        readonly op: 'cluster.register' | 'cluster.update'
        readonly alias: string
        readonly cluster: ClusterFacts
      }
    | { readonly op: 'cluster.remove'; readonly alias: string }
    | RuleChangeRequest
    | { readonly op: 'brake.lift'; readonly alias: string; readonly rule?: string }
    | { readonly op: 'voter.reinstate'; readonly alias: string; readonly voter: string }
    | { readonly op: 'emergency.ratify'; readonly alias: string; readonly use: number }
    | { readonly op: 'guard.set'; readonly alias: string; readonly guard: Guard }
    | { readonly op: 'guard.clear'; readonly alias: string; readonly guard: string }
  )

export type Op = ChangeRequest['op']

export type Malformed = Refusal<'namespace.malformed'> | AliasRefusal

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  allErrors: false,
  allowUnionTypes: true,
  formats: { 'date-time': isInstant },
  // Says what the value was, so that a wrong alias gets the refusal of its own.
  verbose: true,
})
const compiled = new Map<object, ValidateFunction>()

function validator(schema: object): ValidateFunction {
  let found = compiled.get(schema)
  if (!found) {
    found = ajv.compile(schema)
    compiled.set(schema, found)
  }
  return found
}

/** One that there is, in its one spelling: no 30th of February, no leap second. */
function isInstant(text: string): boolean {
  const at = Date.parse(text) / 1000
  return Number.isSafeInteger(at) && at >= 0 && toIso(unixSeconds(at)) === text
}

const isAboutAlias = ({ schema }: ErrorObject): boolean => schema === aliasPattern()

function check(schema: object, value: unknown, what: string): Result<undefined, Malformed> {
  const validate = validator(schema)
  if (validate(value)) return ok()
  const alias = validate.errors?.find(isAboutAlias)
  if (alias) {
    // What stands in the way of a name is better said by what knows names.
    const parsed = parseAlias(alias.data as string)
    if (!parsed.ok) return parsed
  }
  return refuse('namespace.malformed', `${what} is not well formed`, explain(validate.errors ?? []))
}

/** The first complaint, by the path of what it is about. */
function explain(errors: readonly ErrorObject[]): { wanted: string; found: string } {
  // The branch that fails deepest says most: `oneOf` reports every branch it tried.
  const [error] = [...errors].sort(
    (a, b) => b.instancePath.split('/').length - a.instancePath.split('/').length,
  )
  const { instancePath = '', message = '', params = {} } = error ?? {}
  const said = Object.values(params as Record<string, unknown>)
  return {
    wanted: `${instancePath || 'the top'}: ${message}`,
    found: JSON.stringify(said.length === 1 ? said[0] : said).slice(0, 200),
  }
}

/** What a person asks to be braked: an entry or a scope, one rule of an entry, one voter of a scope. */
export interface BrakeRequest extends Why {
  readonly alias: string
  readonly rule?: string
  readonly voter?: string
  /** How long, in seconds. */
  readonly ttl: number
}

export function parseBrakeRequest(value: unknown): Result<BrakeRequest, Malformed> {
  const checked = check(brakeRequestSchema, value, 'the brake')
  return checked.ok ? ok(value as BrakeRequest) : checked
}

export function parseChangeRequest(value: unknown): Result<ChangeRequest, Malformed> {
  const op = (value as { readonly op?: unknown } | null)?.op
  const schema =
    typeof op === 'string' && Object.hasOwn(requestSchemas, op) ? requestSchemas[op] : undefined
  if (!schema) {
    return refuse('namespace.malformed', 'no such change', {
      wanted: `op: ${Object.keys(requestSchemas).join(', ')}`,
      found: JSON.stringify(op ?? null).slice(0, 100),
    })
  }
  const checked = check(schema, value, `the change ${String(op)}`)
  return checked.ok ? ok(value as ChangeRequest) : checked
}

/** Does the body of a proposal say all that its operation needs, and nothing else? */
export function isBodyOf(op: string, body: unknown): op is Op {
  const schema = Object.hasOwn(bodySchemas, op) ? bodySchemas[op] : undefined
  return schema !== undefined && validator(schema)(body)
}

/** Is it what this schema says? For what nobody types: no word about what is wrong. */
export const isShapedLike = (schema: object, value: unknown): boolean => validator(schema)(value)

/** A namespace document, as `capstan apply` takes it. */
export interface NamespaceDocument {
  readonly apiVersion: 'capstan/v1'
  readonly scopes?: readonly {
    readonly alias: string
    readonly envelope?: Envelope
    /** All of them; they stay as they are where this is left out. */
    readonly guards?: readonly Guard[]
  }[]
  readonly clusters?: readonly (ClusterFacts & { readonly alias: string })[]
  readonly entries?: readonly {
    readonly alias: string
    readonly owner: Owner
    readonly envelope?: Envelope
    readonly bindings?: readonly BindingRequest[]
    readonly labels?: Readonly<Record<string, string>>
    readonly validUntil?: InstantText
    readonly state?: 'active' | 'suspended'
    /** All of them; they stay as they are where this is left out. */
    readonly rules?: readonly RuleRequest[]
    readonly splits?: readonly SplitRequest[]
  }[]
  readonly prune?: boolean
}

export function parseDocument(value: unknown): Result<NamespaceDocument, Malformed> {
  const checked = check(documentSchema, value, 'the document')
  return checked.ok ? ok(value as NamespaceDocument) : checked
}
