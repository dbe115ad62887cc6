import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Certify } from '../../../src/server/grpc/certify.js'
import type { GrpcLimits } from '../../../src/server/grpc/limits.js'
import { type Listener, listenLoopbackH2c } from '../../../src/server/grpc/listen-linkerd.js'
import {
  CERTIFY_PATH,
  certifyFrame,
  certifyOverH2c,
  grpcFrame,
} from '../../support/linkerd-client.js'
import { certifyAll, given } from './given-listener.js'
import {
  END_HEADERS,
  END_STREAM,
  frameType,
  grpcHeaders,
  rawFrame,
  type RawFrame,
  rawHeaders,
  RawPeer,
} from './raw-http2.js'

const question = { identity: 'web.default', token: 'a.b.c', csr: Buffer.from('csr') }
const body = certifyFrame(question)
const headers = grpcHeaders(CERTIFY_PATH)
const cancel = Buffer.of(0, 0, 0, 8)

let listeners: Listener[] = []
let peers: RawPeer[] = []

afterEach(async () => {
  for (const peer of peers) peer.end()
  await Promise.all(listeners.map((listener) => listener.close(0)))
  listeners = []
  peers = []
})

async function start(
  limits: Partial<GrpcLimits> = {},
  certify: Certify = certifyAll,
): Promise<{ port: number; dial: () => Promise<RawPeer>; stillServes: () => Promise<boolean> }> {
  const listener = await listenLoopbackH2c(given({ limits, certify }))
  listeners.push(listener)
  const { port } = listener.address
  return {
    port,
    dial: async () => {
      const peer = await RawPeer.dial(port)
      peers.push(peer)
      return peer
    },
    stillServes: async () => (await certifyOverH2c({ host: '127.0.0.1', port, ...question })).ok,
  }
}

const streamIds = (count: number): number[] => Array.from({ length: count }, (_, at) => 2 * at + 1)

const isAnswer =
  (stream: number) =>
  (frame: RawFrame): boolean =>
    frame.stream === stream && frame.type === frameType.headers

const ENHANCE_YOUR_CALM = 11

const goawayCode = (peer: RawPeer): number | undefined =>
  peer.frames.find(({ type }) => type === frameType.goaway)?.payload.readUInt32BE(4)

describe('one connection', () => {
  it('that opens 10,000 streams is refused most of them, and ended', async () => {
    const { dial, stillServes } = await start()
    const peer = await dial()
    await peer.settled()
    peer.send(
      Buffer.concat(
        streamIds(10_000).map((id) => rawFrame(frameType.headers, END_HEADERS, id, headers)),
      ),
    )
    await peer.closed
    expect(await stillServes()).toBe(true)
  })

  it('is told how many octets of requests it may have under way', async () => {
    const { dial } = await start({ connectionWindow: 300_000 })
    const peer = await dial()
    await peer.settled()
    const [update] = peer.frames.filter(({ type }) => type === frameType.windowUpdate)
    expect([update?.stream, update?.payload.readUInt32BE(0)]).toEqual([0, 300_000 - 65_535])
  })

  it('never has more streams open than it may', async () => {
    const { dial } = await start({ streamsPerConnection: 5 })
    const peer = await dial()
    await peer.settled()
    peer.send(
      Buffer.concat(
        streamIds(8).map((id) => rawFrame(frameType.headers, END_HEADERS, id, headers)),
      ),
    )
    await peer.settled()
    const refused = peer.frames.filter(({ type }) => type === frameType.rstStream)
    expect(refused.map(({ stream, payload }) => [stream, payload.readUInt32BE(0)])).toEqual([
      [11, 7],
      [13, 7],
      [15, 7],
    ])
  })

  it('that resets what it asks cannot have more work done than the limit', async () => {
    let working = 0
    const { dial } = await start({ calls: 50 }, () => {
      working += 1
      return new Promise(() => undefined)
    })
    const peer = await dial()
    await peer.settled()
    for (const id of streamIds(150)) {
      peer.send(
        Buffer.concat([
          rawFrame(frameType.headers, END_HEADERS, id, headers),
          rawFrame(frameType.data, END_STREAM, id, body),
        ]),
      )
      await peer.settled()
      // Worked on first, then reset: the stream is gone, its work is not.
      peer.send(rawFrame(frameType.rstStream, 0, id, cancel))
    }
    expect(working).toBe(50)
  })

  it.each([
    ['an error', cancel],
    ['none', Buffer.alloc(4)],
  ])('that floods resets with %s is ended', async (_, code) => {
    const { dial, stillServes } = await start()
    const peer = await dial()
    await peer.settled()
    peer.send(
      Buffer.concat(
        streamIds(10_000).flatMap((id) => [
          rawFrame(frameType.headers, END_HEADERS, id, headers),
          rawFrame(frameType.rstStream, 0, id, code),
        ]),
      ),
    )
    await peer.closed
    expect(goawayCode(peer)).toBe(ENHANCE_YOUR_CALM)
    expect(await stillServes()).toBe(true)
  })

  it.each<{ when: string; flood: Buffer }>([
    { when: 'SETTINGS', flood: rawFrame(frameType.settings, 0, 0) },
    { when: 'PING', flood: rawFrame(frameType.ping, 0, 0, Buffer.alloc(8)) },
  ])('that sends $when without end is ended', async ({ flood }) => {
    const { dial, stillServes } = await start()
    const peer = await dial()
    await peer.settled()
    peer.send(Buffer.concat(Array<Buffer>(1000).fill(flood)))
    await peer.closed
    expect(goawayCode(peer)).toBe(ENHANCE_YOUR_CALM)
    expect(await stillServes()).toBe(true)
  })

  it.each<{ when: string; octets: Buffer }>([
    {
      when: 'empty DATA frames',
      octets: Buffer.concat([
        rawFrame(frameType.headers, END_HEADERS, 1, headers),
        ...Array<Buffer>(1000).fill(rawFrame(frameType.data, 0, 1)),
      ]),
    },
    {
      when: 'CONTINUATION frames',
      octets: Buffer.concat([
        rawFrame(frameType.headers, 0, 1, headers),
        ...Array<Buffer>(10_000).fill(
          rawFrame(frameType.continuation, 0, 1, rawHeaders({ a: 'b' })),
        ),
      ]),
    },
    { when: 'DATA on a stream that never was', octets: rawFrame(frameType.data, 0, 1, body) },
    {
      when: 'a frame larger than announced',
      octets: rawFrame(frameType.data, 0, 1, Buffer.alloc(20_000)),
    },
    {
      when: 'headers that do not decode',
      octets: rawFrame(frameType.headers, END_HEADERS, 1, Buffer.alloc(50, 255)),
    },
    { when: 'HTTP/1.1', octets: Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n') },
  ])('that sends $when is told of an error, and heard no more', async ({ octets }) => {
    const { dial, stillServes } = await start()
    const peer = await dial()
    peer.send(octets)
    const goaway = await peer.frame(({ type }) => type === frameType.goaway)
    expect(goaway.payload.readUInt32BE(4)).not.toBe(0)
    expect(peer.frames.some(isAnswer(1))).toBe(false)
    expect(await stillServes()).toBe(true)
  })

  it('has a request with too many headers refused', async () => {
    const { dial } = await start()
    const peer = await dial()
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, '']))
    peer.send(
      rawFrame(frameType.headers, END_HEADERS | END_STREAM, 1, grpcHeaders(CERTIFY_PATH, many)),
    )
    await peer.frame(({ type }) => type === frameType.rstStream || type === frameType.goaway)
    expect(peer.frames.some(isAnswer(1))).toBe(false)
  })
})

describe('a peer that takes its time', () => {
  it.each<{ when: string; octets: Buffer; limits: Partial<GrpcLimits> }>([
    { when: 'before its first call', octets: Buffer.alloc(0), limits: { firstCallMs: 30 } },
    {
      when: 'within its headers',
      octets: rawFrame(frameType.headers, 0, 1, headers),
      limits: { firstCallMs: 30 },
    },
    {
      when: 'within a frame',
      octets: rawFrame(frameType.headers, END_HEADERS, 1, headers).subarray(0, 20),
      limits: { firstCallMs: 30 },
    },
    {
      when: 'after its call',
      octets: Buffer.concat([
        rawFrame(frameType.headers, END_HEADERS, 1, headers),
        rawFrame(frameType.data, END_STREAM, 1, body),
      ]),
      limits: { idleMs: 30 },
    },
  ])('$when is said GOAWAY, and hung up on', async ({ octets, limits }) => {
    const { dial } = await start({ ...limits, flushMs: 30 })
    const peer = await dial()
    peer.send(octets)
    await peer.frame(({ type }) => type === frameType.goaway)
    await peer.closed
  })

  it('before its preface is hung up on', async () => {
    const { port } = await start({ firstCallMs: 30, flushMs: 30 })
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const closed = new Promise<string>((resolve) =>
      socket.resume().once('close', () => resolve('closed')),
    )
    socket.on('error', () => undefined)
    await once(socket, 'end')
    // It keeps its half open: only a socket that is gone answers octets with a reset.
    for (let state = 'open'; state === 'open';) {
      socket.write('PRI')
      state = await Promise.race([closed, new Promise<string>((go) => setImmediate(go, 'open'))])
    }
  })

  it('is not kept by PING: without a call it is idle', async () => {
    const { dial } = await start({ idleMs: 50, firstCallMs: 50, flushMs: 30, controlFrames: 1e9 })
    const peer = await dial()
    for (let over = false; !over;) {
      over = await Promise.race([peer.settled().then(() => false), peer.closed.then(() => true)])
    }
  })

  it('within its body is answered with DEADLINE_EXCEEDED, and the stream reset', async () => {
    const { dial } = await start({ requestMs: 30 })
    const peer = await dial()
    peer.send(
      Buffer.concat([
        rawFrame(frameType.headers, END_HEADERS, 1, headers),
        rawFrame(frameType.data, 0, 1, body.subarray(0, 3)),
      ]),
    )
    const answer = await peer.frame(isAnswer(1))
    expect(answer.flags & END_STREAM).toBe(END_STREAM)
    const reset = await peer.frame(({ type }) => type === frameType.rstStream)
    expect(reset.payload.readUInt32BE(0)).toBe(0)
    await peer.settled()
  })

  it('to read its answer is reset', async () => {
    const { dial } = await start({ flushMs: 30 })
    const peer = await dial()
    peer.send(
      Buffer.concat([
        // SETTINGS_INITIAL_WINDOW_SIZE = 0: not an octet of DATA is welcome.
        rawFrame(frameType.settings, 0, 0, Buffer.from('000400000000', 'hex')),
        rawFrame(frameType.headers, END_HEADERS, 1, headers),
        rawFrame(frameType.data, END_STREAM, 1, body),
      ]),
    )
    const reset = await peer.frame(({ type }) => type === frameType.rstStream)
    expect(reset.payload.readUInt32BE(0)).toBe(8)
  })
})

describe('all connections together', () => {
  const half = (id: number, octets: Buffer): Buffer =>
    Buffer.concat([
      rawFrame(frameType.headers, END_HEADERS, id, headers),
      rawFrame(frameType.data, 0, id, octets),
    ])

  it('have no more calls under work than may be, and room again once one is over', async () => {
    const over: (() => void)[] = []
    const certify: Certify = async (asked) => {
      await new Promise<void>((resolve) => over.push(resolve))
      return certifyAll(asked)
    }
    const { dial, port } = await start({ calls: 2 }, certify)
    const peer = await dial()
    for (const id of [1, 3]) {
      peer.send(
        Buffer.concat([
          rawFrame(frameType.headers, END_HEADERS, id, headers),
          rawFrame(frameType.data, END_STREAM, id, body),
        ]),
      )
    }
    await peer.settled()
    expect(await certifyOverH2c({ host: '127.0.0.1', port, ...question })).toMatchObject({
      ok: false,
      grpcStatus: 8,
    })
    // Whether it serves is said all the same.
    peer.send(
      Buffer.concat([
        rawFrame(frameType.headers, END_HEADERS, 5, grpcHeaders('/grpc.health.v1.Health/Check')),
        rawFrame(frameType.data, END_STREAM, 5, grpcFrame(Buffer.alloc(0))),
      ]),
    )
    await peer.frame(({ type, stream }) => type === frameType.data && stream === 5)
    over[0]?.()
    await peer.frame(isAnswer(1))
    const again = certifyOverH2c({ host: '127.0.0.1', port, ...question })
    while (over.length < 3) await peer.settled()
    for (const end of over) end()
    expect(await again).toMatchObject({ ok: true })
  })

  /** So many requests of one connection that say no more than how they begin. */
  const halves = (count: number, octets = body.subarray(0, 8)): Buffer =>
    Buffer.concat(streamIds(count).map((id) => half(id, octets)))

  it('attack 355: wait for so many requests: whoever has most of them half sent is hung up on', async () => {
    const { dial, stillServes } = await start({ awaited: 4 })
    const [honest, greedy] = [await dial(), await dial()]
    honest.send(half(1, body.subarray(0, 8)))
    await honest.settled()
    greedy.send(halves(4))
    await greedy.closed
    expect(goawayCode(greedy)).toBe(ENHANCE_YOUR_CALM)
    expect(await stillServes()).toBe(true)
    honest.send(rawFrame(frameType.data, END_STREAM, 1, body.subarray(8)))
    await honest.frame(({ type, stream }) => type === frameType.data && stream === 1)
  })

  it('attack 356: hold so many octets: whoever has most of them under way is hung up on', async () => {
    const { dial, stillServes } = await start({ bufferedOctets: 9_010 })
    const [honest, greedy] = [await dial(), await dial()]
    honest.send(half(1, body.subarray(0, 8)))
    await honest.settled()
    const part = grpcFrame(Buffer.alloc(9000)).subarray(0, 9000)
    greedy.send(Buffer.concat([half(1, part), half(3, part)]))
    await greedy.closed
    expect(goawayCode(greedy)).toBe(ENHANCE_YOUR_CALM)
    expect(await stillServes()).toBe(true)
    honest.send(rawFrame(frameType.data, END_STREAM, 1, body.subarray(8)))
    await honest.frame(({ type, stream }) => type === frameType.data && stream === 1)
  })

  it('attack 357: keep so many answers that nobody takes: whoever leaves most is hung up on', async () => {
    const { dial, stillServes } = await start({ awaited: 4 })
    const peer = await dial()
    // SETTINGS_INITIAL_WINDOW_SIZE = 0: not an octet of DATA is welcome.
    peer.send(rawFrame(frameType.settings, 0, 0, Buffer.from('000400000000', 'hex')))
    for (const id of streamIds(5)) {
      peer.send(
        Buffer.concat([
          rawFrame(frameType.headers, END_HEADERS, id, headers),
          rawFrame(frameType.data, END_STREAM, id, body),
        ]),
      )
    }
    await peer.closed
    expect(goawayCode(peer)).toBe(ENHANCE_YOUR_CALM)
    expect(await stillServes()).toBe(true)
  })

  it('attack 358: end with one whose requests do not arrive, time after time', async () => {
    const { dial } = await start({ requestMs: 30, lateRequests: 2 })
    const [some, many] = [await dial(), await dial()]
    some.send(halves(2))
    many.send(halves(3))
    await many.closed
    expect(goawayCode(many)).toBe(ENHANCE_YOUR_CALM)
    await some.frame(isAnswer(3))
    await some.settled()
    expect(goawayCode(some)).toBeUndefined()
  })

  it('are no more than may be', async () => {
    const { dial, port } = await start({ connections: 2 })
    await (await dial()).settled()
    await (await dial()).settled()
    const third = connect(port, '127.0.0.1')
    third.on('error', () => undefined)
    await once(third.resume(), 'close')
    expect(third.bytesRead).toBe(0)
  })
})
