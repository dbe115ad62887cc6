import type { CertificateDer } from '../../core/der.js'
import type { Json } from '../../core/canonical-json.js'
import { ok, type Result } from '../../core/result.js'
import type { Capability } from '../../namespace/envelope.js'
import type { CallContext, Operations } from '../operations.js'
import {
  type Parameters,
  parsePath,
  parseQuery,
  type QueryValues,
  type Values,
} from './parameters.js'
import { json, JSON_TYPE, type Reply } from './reply.js'
import type { AnswerName } from './schema/answers.js'
import type { Body, JsonSchema } from './schema/json-schema.js'

/**
 * Who may ask. `evidence`: anyone, the body or the TLS connection holds the proof; `reader` and
 * `submitter`: the certificate of an entry with that capability; `operator`: nobody over TLS. The local
 * Unix socket, which file permissions guard, may ask everything. What a submitter brings is decided by
 * the voters' signatures in it alone.
 */
export type Access = 'public' | 'evidence' | Capability | 'operator'

export type Method = 'GET' | 'POST' | 'DELETE'

/** What a route gets of a request once access is settled. Nothing in it has been parsed. */
export interface RawCall {
  readonly path: Readonly<Record<string, string>>
  readonly query: string
  readonly body: () => Promise<Result<Json>>
  /** What TLS was shown: possession of the key is proved, and nothing else. */
  readonly peerCertificate: CertificateDer | undefined
  /** The media type that the client prefers among the offered ones. */
  readonly type: string
  readonly context: CallContext
}

/** The parsed request, as a use case wants it. */
export interface Call<P extends Parameters, Q extends Parameters, B> extends Pick<
  RawCall,
  'peerCertificate' | 'type' | 'context'
> {
  readonly path: Values<P>
  readonly query: QueryValues<Q>
  readonly body: B
}

/** A success that the documentation promises: its status, and its schema by media type. */
export interface Answer {
  readonly status: number
  readonly description: string
  /** Media type -> name of the schema of a JSON answer; null: text or octets. None: no content. */
  readonly content: Readonly<Record<string, AnswerName | null>>
}

/** One row of the API, as the dispatcher and the documentation see it. */
export interface Route {
  readonly method: Method
  /** `/v1/entries/{alias}` */
  readonly path: string
  readonly access: Access
  /** operationId, and the route's label in metrics and logs. */
  readonly id: string
  readonly summary: string
  readonly pathParameters: Parameters
  readonly query: Parameters
  readonly body?: {
    readonly schema: JsonSchema
    readonly example: unknown
    readonly size: BodySize
  }
  readonly patience: Patience
  readonly answers: readonly Answer[]
  readonly run: (operations: Operations, call: RawCall) => Promise<Result<Reply>>
}

/** `long`: may be worked on for longer than a connection is left silent; the local socket is spared that. */
export type Patience = 'usual' | 'long'

/** `large` bodies are read from the local socket only. */
export type BodySize = 'small' | 'large'

interface RouteSpec<P extends Parameters, Q extends Parameters, B> {
  readonly summary: string
  readonly path?: P
  readonly query?: Q
  readonly body?: Body<B>
  readonly size?: BodySize
  readonly patience?: Patience
  readonly answers: readonly Answer[]
  readonly use: (operations: Operations, call: Call<P, Q, B>) => Promise<Result<Reply>>
}

/** Ties the parsers of a row to the use case they feed, and forgets their types. */
export function route<P extends Parameters, Q extends Parameters, B = undefined>(
  signature: `${Method} /${string}`,
  access: Access,
  id: string,
  spec: RouteSpec<P, Q, B>,
): Route {
  const [method, path] = signature.split(' ') as [Method, string]
  const pathParameters = spec.path ?? ({} as P)
  const query = spec.query ?? ({} as Q)
  return {
    method,
    path,
    access,
    id,
    summary: spec.summary,
    pathParameters,
    query,
    patience: spec.patience ?? 'usual',
    answers: spec.answers,
    ...(spec.body && {
      body: {
        schema: spec.body.schema,
        example: spec.body.example,
        size: spec.size ?? 'small',
      },
    }),
    async run(operations, call) {
      const parsedPath = parsePath(pathParameters, call.path)
      if (!parsedPath.ok) return parsedPath
      const parsedQuery = parseQuery(query, call.query)
      if (!parsedQuery.ok) return parsedQuery
      const body = await parseBody(spec.body, call)
      if (!body.ok) return body
      return spec.use(operations, {
        path: parsedPath.value,
        query: parsedQuery.value,
        body: body.value,
        peerCertificate: call.peerCertificate,
        type: call.type,
        context: call.context,
      })
    },
  }
}

async function parseBody<B>(body: Body<B> | undefined, call: RawCall): Promise<Result<B>> {
  // A row without a body parser is one whose use case takes none: its B is undefined.
  if (body === undefined) return ok(undefined as B)
  const read = await call.body()
  return read.ok ? body.parse(read.value) : read
}

/** A use case's JSON answer with its status. */
export async function answered(
  status: number,
  result: Result<object> | Promise<Result<object>>,
): Promise<Result<Reply>> {
  const settled = await result
  return settled.ok ? ok(json(status, settled.value)) : settled
}

/** A list under its own name: an array at the top could never grow a member beside it. */
export async function listed(
  name: string,
  result: Promise<Result<readonly object[]>>,
): Promise<Result<Reply>> {
  const settled = await result
  return settled.ok ? ok(json(200, { [name]: settled.value })) : settled
}

/** A JSON answer of the documentation. */
export const jsonAnswer = (status: number, schema: AnswerName, description: string): Answer => ({
  status,
  description,
  content: { [JSON_TYPE]: schema },
})
