import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { defaultLoopLimits, LoopWatch, yieldingTo } from '../../src/server/loop-watch.js'

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
  let loop: LoopWatch
  let server: Server
  let clients: Socket[]
  let dropped: number
  beforeEach(async () => {
    loop = new LoopWatch()
    clients = []
    dropped = 0
    server = createServer()
    yieldingTo(loop, server, 1000)
    server.on('drop', () => (dropped += 1))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    for (const client of clients) client.destroy()
    server.close()
    await once(server, 'close')
  })

  async function dial(count: number): Promise<void> {
    const { port } = server.address() as AddressInfo
    for (let dialled = 0; dialled < count; dialled += 1) {
      const client = connect(port, '127.0.0.1').on('error', () => undefined)
      clients.push(client)
      await once(client, 'connect')
    }
    // A connection is accepted, or closed, in the turn after it was made.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }

  it('has few connections, and all it may have afterwards', async () => {
    looks(loop, lateLooks, 1000)
    await dial(70)
    expect(dropped).toBe(6)
    looks(loop, calmLooks, 0)
    await dial(10)
    expect(dropped).toBe(6)
  })

  it('keeps those that are open', async () => {
    await dial(80)
    looks(loop, lateLooks, 1000)
    await dial(1)
    expect(dropped).toBe(1)
    expect(clients.filter((client) => !client.destroyed && client.readable)).toHaveLength(80)
  })
})
