import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Call } from '../../../src/server/http/call.js'

/** Longer than anything here takes. */
const LONG_MS = 60_000

describe('a call', () => {
  let server: Server
  let client: Socket
  let response: ServerResponse
  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.on('error', () => undefined).resume()
    client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    const asked = await once(server, 'request')
    response = asked[1] as ServerResponse
  })
  afterEach(async () => {
    client.destroy()
    server.close()
    await once(server, 'close')
  })

  const callOf = (answerMs: number): Call =>
    new Call(response, { requestId: 'r', remote: '127.0.0.1', answerMs })

  it('is not gone when it was answered', async () => {
    const call = callOf(LONG_MS)
    response.end('done')
    await once(response, 'close')
    expect(call.signal.aborted).toBe(false)
  })

  it('is not gone when its answer has arrived and the client leaves', async () => {
    const call = callOf(LONG_MS)
    response.end('done')
    await once(client, 'data')
    client.destroy()
    if (!response.closed) await once(response, 'close')
    expect(call.signal.aborted).toBe(false)
  })

  it('is gone when its client leaves before the answer', async () => {
    const call = callOf(LONG_MS)
    client.destroy()
    await once(response, 'close')
    expect(call.signal.aborted).toBe(true)
  })

  it('is gone when its client leaves in the middle of the answer', async () => {
    const call = callOf(LONG_MS)
    response.write('some')
    await once(client, 'data')
    client.destroy()
    await once(response, 'close')
    expect(call.signal.aborted).toBe(true)
  })

  it('is gone when its time is up', async () => {
    const call = callOf(20)
    await once(call.signal, 'abort')
    expect(response.closed).toBe(false)
  })

  it('has no more time to run out once it was answered', async () => {
    const call = callOf(20)
    response.end('done')
    await once(response, 'close')
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(call.signal.aborted).toBe(false)
  })
})
