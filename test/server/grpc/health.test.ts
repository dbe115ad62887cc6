import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as grpc from '@grpc/grpc-js'
import * as protoLoader from '@grpc/proto-loader'
import type { GrpcLimits } from '../../../src/server/grpc/limits.js'
import { type Listener, listenLoopbackH2c } from '../../../src/server/grpc/listen-linkerd.js'
import { given, SwitchedReadiness } from './given-listener.js'

const IDENTITY = 'io.linkerd.proxy.identity.Identity'

interface Answer {
  status: string
}
interface HealthClient extends grpc.Client {
  Check(
    request: { service: string },
    done: (error: grpc.ServiceError | null, answer?: Answer) => void,
  ): void
  Watch(
    request: { service: string },
    options?: { deadline: number },
  ): grpc.ClientReadableStream<Answer>
}

const loaded = grpc.loadPackageDefinition(
  protoLoader.loadSync(
    fileURLToPath(new URL('../../fixtures/proto/health.proto', import.meta.url)),
    { enums: String },
  ),
) as unknown as {
  grpc: {
    health: {
      v1: { Health: new (address: string, credentials: grpc.ChannelCredentials) => HealthClient }
    }
  }
}

let listeners: Listener[] = []
let clients: HealthClient[] = []

afterEach(async () => {
  for (const client of clients) client.close()
  await Promise.all(listeners.map((listener) => listener.close(0)))
  clients = []
  listeners = []
})

async function start(limits: Partial<GrpcLimits> = {}): Promise<{
  client: HealthClient
  readiness: SwitchedReadiness
  listener: Listener
}> {
  const readiness = new SwitchedReadiness()
  const listener = await listenLoopbackH2c(given({ readiness, limits }))
  listeners.push(listener)
  const client = new loaded.grpc.health.v1.Health(
    `127.0.0.1:${listener.address.port}`,
    grpc.credentials.createInsecure(),
  )
  clients.push(client)
  return { client, readiness, listener }
}

const check = (client: HealthClient, service: string): Promise<string | number> =>
  new Promise((resolve) =>
    client.Check({ service }, (error, answer) => resolve(error ? error.code : answer!.status)),
  )

/** What a watch says, answer by answer, and the status it ends with. */
function watching(stream: grpc.ClientReadableStream<Answer>): {
  next: () => Promise<string>
  ended: Promise<number>
} {
  const answers: string[] = []
  stream.on('data', (answer: Answer) => {
    answers.push(answer.status)
    stream.emit('said')
  })
  const ended = new Promise<number>((resolve) =>
    stream.on('error', (error: Error & { code: number }) => resolve(error.code)),
  )
  return {
    ended,
    next: async () => {
      if (answers.length === 0) await once(stream, 'said')
      return answers.shift()!
    },
  }
}

describe('Check', () => {
  it.each(['', IDENTITY])('tells whether %p serves', async (service) => {
    const { client, readiness } = await start()
    expect(await check(client, service)).toBe('SERVING')
    readiness.become('unready')
    expect(await check(client, service)).toBe('NOT_SERVING')
  })

  it('knows no other service', async () => {
    const { client } = await start()
    expect(await check(client, 'other')).toBe(grpc.status.NOT_FOUND)
  })
})

describe('Watch', () => {
  it('says the state at once, and each change of it', async () => {
    const { client, readiness } = await start()
    const watch = watching(client.Watch({ service: IDENTITY }))
    expect(await watch.next()).toBe('SERVING')
    readiness.become('unready')
    expect(await watch.next()).toBe('NOT_SERVING')
    readiness.become('unready')
    readiness.become('ready')
    expect(await watch.next()).toBe('SERVING')
  })

  it('keeps a watch of an unknown service open', async () => {
    const { client } = await start()
    const watch = watching(client.Watch({ service: 'other' }))
    expect(await watch.next()).toBe('SERVICE_UNKNOWN')
  })

  it('forgets a watcher that leaves', async () => {
    const { client, readiness } = await start()
    const stream = client.Watch({ service: '' })
    const watch = watching(stream)
    await watch.next()
    expect(readiness.listeners.size).toBe(1)
    stream.cancel()
    expect(await watch.ended).toBe(grpc.status.CANCELLED)
    await check(client, '')
    expect(readiness.listeners.size).toBe(0)
  })

  it('ends at the deadline of its caller', async () => {
    const { client, readiness } = await start()
    const watch = watching(client.Watch({ service: '' }, { deadline: Date.now() + 100 }))
    expect(await watch.ended).toBe(grpc.status.DEADLINE_EXCEEDED)
    await check(client, '')
    expect(readiness.listeners.size).toBe(0)
  })

  it('is for so many watchers at once, and for another after one has left', async () => {
    const { client } = await start({ watches: 1 })
    const stream = client.Watch({ service: '' })
    const first = watching(stream)
    await first.next()
    expect(await watching(client.Watch({ service: '' })).ended).toBe(grpc.status.RESOURCE_EXHAUSTED)
    expect(await check(client, '')).toBe('SERVING')
    stream.cancel()
    await first.ended
    await check(client, '')
    expect(await watching(client.Watch({ service: '' })).next()).toBe('SERVING')
  })

  it('does not hold up a stop', async () => {
    const { client, listener } = await start()
    const watch = watching(client.Watch({ service: '' }))
    await watch.next()
    await listener.close(600_000)
    expect(await watch.ended).toBe(grpc.status.UNAVAILABLE)
  })
})
