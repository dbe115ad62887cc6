import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fileURLToPath } from 'node:url'
import * as grpc from '@grpc/grpc-js'
import * as protoLoader from '@grpc/proto-loader'
import { refuse } from '../../../src/core/result.js'
import type { Certify } from '../../../src/server/grpc/certify.js'
import {
  type Listener,
  listenLinkerd,
  listenLoopbackH2c,
} from '../../../src/server/grpc/listen-linkerd.js'
import { HeldCertificates } from '../../../src/server/tls/server-certificates.js'
import { T0 } from '../../support/fake-clock.js'
import { testAuthority } from '../tls/test-certificates.js'
import { certifyAll, given, ISSUER, LEAF } from './given-listener.js'

interface Question {
  identity?: string
  token?: Buffer
  certificate_signing_request?: Buffer
}
interface IdentityClient extends grpc.Client {
  Certify(
    request: Question,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, answer?: object) => void,
  ): grpc.ClientUnaryCall
}
interface Loaded {
  io: {
    linkerd: {
      proxy: {
        identity: {
          Identity: new (
            address: string,
            credentials: grpc.ChannelCredentials,
            options?: grpc.ClientOptions,
          ) => IdentityClient
        }
      }
    }
  }
}

const { Identity } = (
  grpc.loadPackageDefinition(
    protoLoader.loadSync(
      fileURLToPath(new URL('../../fixtures/proto/identity.proto', import.meta.url)),
      { keepCase: true, longs: Number },
    ),
  ) as unknown as Loaded
).io.linkerd.proxy.identity

const question: Question = {
  identity: 'web.default',
  token: Buffer.from('a.b.c'),
  certificate_signing_request: Buffer.from('csr'),
}

const certify: Certify = (input) => {
  switch (input.identity) {
    case 'refused':
      return Promise.resolve(refuse('token.expired', 'the token has expired'))
    case 'slow':
      return new Promise(() => undefined)
    default:
      return certifyAll(input)
  }
}

let listeners: Record<'TLS' | 'h2c', Listener>
let dial: Record<'TLS' | 'h2c', (options?: grpc.ClientOptions) => IdentityClient>
const clients: IdentityClient[] = []

beforeAll(async () => {
  const authority = await testAuthority()
  const certificates = new HeldCertificates(
    new Map([['identity.example', await authority.issue('identity.example')]]),
  )
  listeners = {
    TLS: await listenLinkerd({ ...given({ certify }), host: '127.0.0.1', certificates }),
    h2c: await listenLoopbackH2c(given({ certify })),
  }
  const at = (listener: Listener): string => `127.0.0.1:${listener.address.port}`
  const kept = (client: IdentityClient): IdentityClient => {
    clients.push(client)
    return client
  }
  dial = {
    TLS: (options) =>
      kept(
        new Identity(
          at(listeners.TLS),
          grpc.credentials.createSsl(Buffer.from(authority.rootPem)),
          { 'grpc.ssl_target_name_override': 'identity.example', ...options },
        ),
      ),
    h2c: (options) =>
      kept(new Identity(at(listeners.h2c), grpc.credentials.createInsecure(), options)),
  }
})

afterAll(async () => {
  for (const client of clients) client.close()
  await Promise.all(Object.values(listeners).map((listener) => listener.close(0)))
})

const ask = (
  client: IdentityClient,
  request: Question,
  options: grpc.CallOptions = {},
): Promise<object | grpc.ServiceError> =>
  new Promise((resolve) =>
    client.Certify(request, options, (error, answer) => resolve(error ?? answer!)),
  )

describe.each(['TLS', 'h2c'] as const)('grpc-js over %s', (transport) => {
  it('gets an answer', async () => {
    expect(await ask(dial[transport](), question)).toEqual({
      leaf_certificate: LEAF,
      intermediate_certificates: [ISSUER],
      valid_until: { seconds: T0 },
    })
  })

  it('gets many answers at once on one connection', async () => {
    const client = dial[transport]()
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask(client, question)))
    expect(answers.every((answer) => 'leaf_certificate' in answer)).toBe(true)
  })

  it.each<{
    when: string
    request: Question
    options?: grpc.CallOptions
    client?: grpc.ClientOptions
    code: grpc.status
  }>([
    {
      when: 'a refusal',
      request: { ...question, identity: 'refused' },
      code: grpc.status.FAILED_PRECONDITION,
    },
    { when: 'an empty request', request: {}, code: grpc.status.INVALID_ARGUMENT },
    {
      when: 'its deadline',
      request: { ...question, identity: 'slow' },
      options: { deadline: 0 },
      code: grpc.status.DEADLINE_EXCEEDED,
    },
    {
      when: 'a message that is too large',
      request: { ...question, token: Buffer.alloc(500_000, 65) },
      code: grpc.status.RESOURCE_EXHAUSTED,
    },
    {
      when: 'compression',
      request: question,
      client: { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip },
      code: grpc.status.UNIMPLEMENTED,
    },
  ])('is told of $when by status $code', async ({ request, options, client, code }) => {
    expect(await ask(dial[transport](client), request, options)).toMatchObject({ code })
  })

  it('reads the reason as it was written', async () => {
    expect(await ask(dial[transport](), { ...question, identity: 'refused' })).toMatchObject({
      details: 'token.expired: the token has expired (request r-1)',
    })
  })
})
