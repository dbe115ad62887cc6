import { afterAll, describe, expect, it } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { ask, closeAll, people, serve, type Told } from './harness.js'

afterAll(closeAll)

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly 'x-capstan-access': string
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly example: string
    readonly schema: object
  }[]
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: object; readonly example: object }>
  }
  readonly responses: Record<string, Described & { readonly $ref?: string }>
}

interface Described {
  readonly content?: Record<string, { readonly schema: object }>
}

interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    readonly schemas: Record<string, object>
    readonly responses: Record<string, Described>
  }
}

const unix = await serve('unix')
const tls = await serve('tls', { rate: { burst: 10_000 } })
const document = (await ask(unix, { path: '/v1/openapi.json' })).json as unknown as Document

const ajv = new Ajv2020({
  strict: false,
  discriminator: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
})
ajv.addSchema({ $id: 'doc', components: document.components })

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    operation,
  })),
)

/** The problems, if any, of an answer with what the document says of its status. */
function disagreements(operation: Operation, told: Told, method: string): unknown {
  const named = operation.responses[String(told.status)] ?? operation.responses['default']
  const described = named?.$ref === undefined ? named : resolve(named.$ref)
  if (!described) return `${told.status} is not in the document`
  if (method === 'HEAD' || described.content === undefined) {
    return told.text === '' ? undefined : 'a body that the document does not know'
  }
  const type = told.headers['content-type'] ?? ''
  const content = described.content[type]
  if (!content) return `${type} is not in the document`
  if (!type.endsWith('json')) return undefined
  const validate = ajv.compile(inDocument(content.schema))
  return validate(told.json) ? undefined : validate.errors
}

const resolve = (reference: string): Described | undefined =>
  document.components.responses[reference.replace('#/components/responses/', '')]

const inDocument = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components')) as object

function pathOf(path: string, { parameters }: Operation): string {
  const filled = parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce(
      (whole, { name, example }) => whole.replace(`{${name}}`, encodeURIComponent(example)),
      path,
    )
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map(({ name, example }) => `${name}=${encodeURIComponent(example)}`)
  return query.length > 0 ? `${filled}?${query.join('&')}` : filled
}

describe('the OpenAPI document', () => {
  it('is served to anyone, as OpenAPI 3.1', async () => {
    const told = await ask(tls, { path: '/v1/openapi.json' })
    expect(told.json).toEqual(document)
    expect(document.openapi).toBe('3.1.0')
  })

  it('names every operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(40)
  })

  it('holds only references that lead somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)]
    expect(references.length).toBeGreaterThan(100)
    for (const [, place = ''] of references) {
      const target = place
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document)
      expect({ place, target }).toEqual({ place, target: expect.any(Object) })
    }
  })

  it('has schemas that are strict JSON Schema 2020-12', () => {
    const strict = new Ajv2020({ strict: true, strictRequired: false, discriminator: true })
    strict.addFormat('date-time', true)
    const local = (schema: object): object =>
      JSON.parse(
        JSON.stringify(schema).replaceAll('"#/components/schemas', '"doc#/$defs'),
      ) as object
    strict.addSchema(local({ $id: 'doc', $defs: document.components.schemas }))
    for (const schema of Object.values(document.components.schemas)) {
      expect(() => strict.compile(local(schema))).not.toThrow()
    }
  })

  it('bounds every text and list of a request', () => {
    const unbounded: string[] = []
    const walk = (node: unknown, at: string): void => {
      if (typeof node !== 'object' || node === null) return
      const schema = node as Record<string, unknown>
      const isText = schema['type'] === 'string'
      if (isText && schema['maxLength'] === undefined && !isFixedLength(schema['pattern'])) {
        unbounded.push(at)
      }
      if (schema['type'] === 'array' && schema['maxItems'] === undefined) unbounded.push(at)
      for (const [key, child] of Object.entries(schema)) walk(child, `${at}/${key}`)
    }
    for (const { name, operation } of operations) {
      walk(operation.requestBody?.content['application/json']?.schema, name)
    }
    expect(unbounded).toEqual([])
  })
})

/** A pattern without a star, a plus or an open brace. */
const isFixedLength = (pattern: unknown): boolean =>
  typeof pattern === 'string' && pattern.startsWith('^') && !/[*+]|,\}/.test(pattern)

describe.each(operations)('$name', ({ method, path, operation }) => {
  const body = operation.requestBody?.content['application/json']
  const request = {
    method,
    path: pathOf(path, operation),
    ...(body && { body: body.example }),
  }

  it('is described', () => {
    expect(operation.summary).toMatch(/\S/)
    expect(['public', 'evidence', 'reader', 'submitter', 'operator']).toContain(
      operation['x-capstan-access'],
    )
  })

  it('answers its own example as it says', async () => {
    const told = await ask(unix, request)
    expect(disagreements(operation, told, method)).toBeUndefined()
    const served = operation.operationId === 'renewCertificate' ? 401 : 299
    expect(told.status).toBeLessThanOrEqual(served)
  })

  it('answers in every media type that it offers', async () => {
    const types = Object.keys(
      operation.responses['200']?.content ?? operation.responses['201']?.content ?? {},
    )
    for (const accept of types) {
      const told = await ask(unix, { ...request, headers: { accept } })
      if (told.status < 300) expect(told.headers['content-type']).toBe(accept)
      expect(disagreements(operation, told, method)).toBeUndefined()
    }
  })

  it('answers what it cannot use as it says', async () => {
    const attempts = [
      { ...request, headers: { accept: 'text/html' } },
      { ...request, path: `${request.path.replace(/\?.*/, '')}?nosuch=1` },
      { ...request, path: request.path.replace(/[^/]*$/, '%ff') },
      { ...request, body: '{' },
      { ...request, body: {}, headers: { 'content-type': 'text/plain' } },
      { ...request, body: 'x'.repeat(8 * 1024 * 1024 + 1) },
    ]
    for (const attempt of attempts) {
      const told = await ask(unix, attempt)
      expect(disagreements(operation, told, method)).toBeUndefined()
    }
  })

  it('answers over the network as it says, with and without a certificate', async () => {
    for (const shown of [{}, { as: people.stranger }]) {
      const told = await ask(tls, { ...request, ...shown })
      expect(disagreements(operation, told, method)).toBeUndefined()
    }
  })

  it('has parameters whose examples fit', () => {
    for (const { schema, example } of operation.parameters) {
      const value: unknown = ['true', '0', '30', '90', '100', '8080'].includes(example)
        ? JSON.parse(example)
        : example
      expect(ajv.validate(schema, value)).toBe(true)
    }
    if (body) expect(ajv.validate(body.schema, body.example)).toBe(true)
  })
})
