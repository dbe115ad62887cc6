import { afterAll, describe, expect, it } from '@jest/globals'
import { connect, type TLSSocket } from 'node:tls'
import { Arrivals } from '../../../src/server/http/arrivals.js'
import { ask, closeAll, serve, type Served } from './harness.js'

afterAll(closeAll)

describe('Arrivals', () => {
  it('hang up on whoever sends most, where there are too many', () => {
    const arrivals = new Arrivals(3)
    const ended: string[] = []
    const begin = (sender: string) => arrivals.begin(sender, () => ended.push(sender))
    const honest = begin('honest')
    const greedy = [begin('greedy'), begin('greedy')]
    expect(ended).toEqual([])
    begin('other')
    expect(ended).toEqual(['greedy', 'greedy'])
    // What they had is given back, and once.
    for (const over of greedy) over()
    begin('another')
    expect(ended).toHaveLength(2)
    honest()
    honest()
    const again = begin('again')
    expect(ended).toHaveLength(2)
    again()
    begin('another')
    expect(ended).toHaveLength(2)
    begin('last')
    expect(ended.slice(2)).toEqual(['another', 'another'])
  })

  it('know a sender that was hung up on as any other when it comes again', () => {
    const arrivals = new Arrivals(1)
    const ended: string[] = []
    const begin = (sender: string, name: string) => arrivals.begin(sender, () => ended.push(name))
    const first = begin('a', 'first')
    begin('a', 'second')
    expect(ended).toEqual(['first', 'second'])
    begin('a', 'third')
    first()
    expect(ended).toHaveLength(2)
    begin('b', 'fourth')
    expect(ended).toEqual(['first', 'second', 'third'])
  })
})

/** A request of which the first octet of its body was sent. */
async function begun({ listener }: Served): Promise<TLSSocket> {
  const port = Number(listener.address.split(':')[1])
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    rejectUnauthorized: false,
  })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  socket.write(
    'POST /v1/certificates HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{',
  )
  return socket
}
const challenge = (served: Served) => ask(served, { method: 'POST', path: '/v1/challenges' })

describe('requests whose bodies do not come', () => {
  it('take the place of nobody (attack 360)', async () => {
    const served = await serve('tls', { dispatch: { inFlight: 1 } })
    const slow = [await begun(served), await begun(served)]
    expect((await ask(served, { path: '/ready' })).status).toBe(200)
    expect((await challenge(served)).status).toBe(201)
    for (const socket of slow) socket.destroy()
  })

  it('end with whoever sends most of them, where there are too many (attack 360)', async () => {
    const served = await serve('tls', { dispatch: { arriving: 1 } })
    const slow = await begun(served)
    const ended = new Promise((resolve) => slow.once('close', resolve))
    const more = await begun(served)
    await ended
    expect((await challenge(served)).status).toBe(201)
    more.destroy()
  })
})
