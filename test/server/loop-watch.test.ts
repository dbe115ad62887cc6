import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { connect as connectTls, createServer, type Server } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { defaultLoopLimits, LoopWatch, yieldingTo } from '../../src/server/loop-watch.js'
import { people } from './http/harness.js'

const { lateMs, lateLooks, calmLooks } = defaultLoopLimits

function looks(loop: LoopWatch, count: number, ms: number): void {
  for (let look = 0; look < count; look += 1) loop.look(ms)
}

describe('LoopWatch', () => {
  let loop: LoopWatch
  let told: boolean[]
  beforeEach(() => {
    loop = new LoopWatch()
    told = []
    loop.onChange((isLate) => told.push(isLate))
  })

  it('is late after so many late looks, one after the other, and not before', () => {
    looks(loop, lateLooks - 1, lateMs + 1)
    looks(loop, 1, lateMs)
    looks(loop, lateLooks - 1, 1000)
    expect(told).toEqual([])
    looks(loop, 1, lateMs + 1)
    expect(told).toEqual([true])
    expect(loop.isLate).toBe(true)
  })

  it('is in time again after so many looks in time, one after the other', () => {
    looks(loop, lateLooks, 1000)
    looks(loop, calmLooks - 1, 0)
    looks(loop, 1, 1000)
    looks(loop, calmLooks - 1, 0)
    expect(told).toEqual([true])
    looks(loop, 1, 0)
    expect(told).toEqual([true, false])
  })

  it('looks at the time that passes between its own looks', async () => {
    let now = 0
    const stop = loop.start(() => (now += 1000))
    for (let wait = 0; wait < 200 && !loop.isLate; wait += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    stop()
    expect(told).toEqual([true])
  })
})

describe('a listener while the loop is late', () => {
  const AT_MOST = 100
  let loop: LoopWatch
  let server: Server
  let clients: Socket[]
  let dropped: number
  beforeEach(async () => {
    loop = new LoopWatch()
    clients = []
    dropped = 0
    server = createServer({ key: people.server.keyPem, cert: people.server.certPem })
    yieldingTo(loop, server, AT_MOST)
    server.on('drop', () => (dropped += 1))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    for (const client of clients) client.destroy()
    server.close()
    await once(server, 'close')
  })

  const port = (): number => (server.address() as AddressInfo).port

  /** A connection is accepted, closed, or seen to be gone, in a turn after it was. */
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

  /** Connections whose handshake does not come. */
  async function dial(count: number): Promise<void> {
    for (let dialled = 0; dialled < count; dialled += 1) {
      const client = connect(port(), '127.0.0.1').on('error', () => undefined)
      clients.push(client)
      await once(client, 'connect')
    }
    await settled()
  }

  /** Connections that are secured, and idle. */
  async function secure(count: number): Promise<readonly Socket[]> {
    const made: Socket[] = []
    for (let at = 0; at < count; at += 1) {
      const client = connectTls({ port: port(), host: '127.0.0.1', rejectUnauthorized: false })
      clients.push(client)
      made.push(client)
      await once(client, 'secureConnect')
    }
    await settled()
    return made
  }

  it('has few handshakes under way, and all it may have afterwards', async () => {
    looks(loop, lateLooks, 1000)
    await dial(70)
    expect(dropped).toBe(6)
    looks(loop, calmLooks, 0)
    await dial(10)
    expect(dropped).toBe(6)
  })

  it('is shut to nobody by who keeps idle connections', async () => {
    await secure(64)
    looks(loop, lateLooks, 1000)
    await secure(10)
    expect(dropped).toBe(0)
    expect(clients.filter((client) => !client.destroyed && client.readable)).toHaveLength(74)
  })

  it('has as few handshakes under way beside those, and fewer where it is full', async () => {
    looks(loop, lateLooks, 1000)
    await secure(30)
    await dial(64)
    expect(dropped).toBe(0)
    await dial(1)
    expect(dropped).toBe(1)
    clients[0]?.destroy()
    await settled()
    await dial(1)
    expect(dropped).toBe(2)
  })

  it('has no more connections than at other times', async () => {
    looks(loop, lateLooks, 1000)
    await secure(50)
    await dial(64)
    expect(dropped).toBe(14)
  })

  it('counts who is secured while it is in time', async () => {
    const pool = await secure(40)
    for (const client of pool.slice(30)) client.destroy()
    await settled()
    looks(loop, lateLooks, 1000)
    await dial(66)
    expect(dropped).toBe(2)
  })
})
