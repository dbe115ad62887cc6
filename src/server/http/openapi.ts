import { JSON_TYPE } from './reply.js'
import { PROBLEM_TYPE } from './problem.js'
import type { Access, Answer, Route } from './route.js'
import type { Parameters } from './parameters.js'
import { answerSchemas } from './schema/answers.js'
import type { JsonSchema } from './schema/json-schema.js'

/** Version of the API, not of the server: it changes when a client could notice. */
const API_VERSION = '1.0.0'

const securityOf = {
  public: [],
  // None, or the certificate to renew: the evidence itself is in the body.
  evidence: [{}, { clientCertificate: [] }],
  reader: [{ clientCertificate: [] }],
  submitter: [{ clientCertificate: [] }],
  // Nothing that can be sent opens these: see `x-capstan-access`.
  operator: [],
} as const satisfies Record<Access, readonly object[]>

/** The OpenAPI 3.1 document of a route table: what is served is what is documented. */
export function openApiDocument(routes: readonly Route[]): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operation(route),
      ...(route.method === 'GET' && { head: headOperation(route) }),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Capstan',
      version: API_VERSION,
      description:
        'An index-rooted workload certificate authority. Refusals are application/problem+json ' +
        'with a stable `code`; every answer has an `x-request-id`. `x-capstan-access` says who may ' +
        'ask: operator operations are answered on the local Unix socket only, and everything is ' +
        'answered there.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: answerSchemas,
      responses: problemResponses,
      securitySchemes: {
        clientCertificate: {
          type: 'mutualTLS',
          description:
            'A certificate of this CA; for reading, of an entry with `reader`; to hand in what ' +
            'voters signed, of one with `submitter`',
        },
      },
    },
  }
}

function operation(route: Route): JsonSchema {
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.access],
    'x-capstan-access': route.access,
    security: securityOf[route.access],
    parameters: [
      ...parametersIn('path', route.pathParameters),
      ...parametersIn('query', route.query),
    ],
    ...(route.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: route.body.schema, example: route.body.example } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        route.answers.map((answer) => [String(answer.status), successResponse(answer)]),
      ),
      ...problemsOf(route),
    },
  }
}

/** As GET, without the body. */
function headOperation(route: Route): JsonSchema {
  return {
    ...operation(route),
    operationId: `${route.id}Head`,
    responses: {
      ...Object.fromEntries(
        route.answers.map((answer) => [
          String(answer.status),
          { description: answer.description, headers: answerHeaders },
        ]),
      ),
      default: { description: 'As for GET, without the body', headers: answerHeaders },
    },
  }
}

const answerHeaders = {
  'x-request-id': {
    description: 'Names this request in the log and in the ledger',
    schema: { type: 'string', pattern: '^[a-z2-7]{26}$' },
  },
}

function successResponse(answer: Answer): JsonSchema {
  const content = Object.entries(answer.content).map(([type, schema]) => [
    type,
    {
      schema:
        schema === null ? { type: plainTypeOf(type) } : { $ref: `#/components/schemas/${schema}` },
    },
  ])
  return {
    description: answer.description,
    headers: answerHeaders,
    ...(content.length > 0 && { content: Object.fromEntries(content) as object }),
  }
}

/** Of what has no schema: text, octets, or JSON that is specified elsewhere. */
const plainTypeOf = (type: string): string => (type === JSON_TYPE ? 'object' : 'string')

function parametersIn(place: 'path' | 'query', parameters: Parameters): readonly JsonSchema[] {
  return Object.entries(parameters).map(([name, parameter]) => ({
    name,
    in: place,
    required: place === 'path' || parameter.need === 'required',
    description: parameter.description,
    schema: parameter.schema,
    example: parameter.example,
  }))
}

/** Status -> what it means. Anything else that goes wrong is a problem too. */
const problemMeanings = {
  400: 'The request cannot be used',
  401: 'The evidence does not hold',
  403: 'Not allowed',
  404: 'There is no such thing',
  405: 'Another method is needed: see Allow',
  406: 'The client accepts none of the media types that there are',
  408: 'The request did not arrive in time',
  409: 'In conflict with the present state',
  413: 'The body is too large',
  415: 'The body is not JSON',
  429: 'Too many requests: see Retry-After',
  500: 'Internal error: the server log has it under the request id',
  503: 'Not available now: see Retry-After',
} as const

const problemContent = {
  [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } },
}

const problemResponses = Object.fromEntries(
  [...Object.entries(problemMeanings), ['default', 'Any other problem'] as const].map(
    ([status, description]) => [
      `Problem${status}`,
      { description, headers: answerHeaders, content: problemContent },
    ],
  ),
)

function problemsOf(route: Route): JsonSchema {
  const own = new Set(route.answers.map((answer) => String(answer.status)))
  const possible = Object.keys(problemMeanings).filter((status) => !own.has(status))
  return Object.fromEntries(
    [...possible, 'default'].map((status) => [
      status,
      { $ref: `#/components/responses/Problem${status}` },
    ]),
  )
}
