import { describe, expect, it } from '@jest/globals'
import { defaultGrpcLimits } from '../../../src/server/grpc/limits.js'
import { Load } from '../../../src/server/grpc/load.js'
import { GrpcFailure } from '../../../src/server/grpc/status.js'

const limits = { ...defaultGrpcLimits, calls: 2, awaited: 4, bufferedOctets: 100 }

function entered(load: Load): () => void {
  const place = load.enter()
  if (place instanceof GrpcFailure) throw new Error('no place')
  return place
}

/** Connections by their names, and which were hung up on, in that order. */
function connections(load: Load, ...names: readonly string[]) {
  const ended: string[] = []
  const peers = names.map((name) => load.connected(() => ended.push(name)))
  return { peers, ended }
}

describe('Load', () => {
  it('gives back the place of a call, once', () => {
    const load = new Load(limits)
    const [one] = [entered(load), entered(load)]
    expect(load.enter()).toBeInstanceOf(GrpcFailure)
    one()
    one()
    entered(load)
    expect(load.enter()).toBeInstanceOf(GrpcFailure)
  })

  it('hangs up on whoever has the most streams wait, where there are too many', () => {
    const load = new Load(limits)
    const { peers, ended } = connections(load, 'small', 'greedy', 'other')
    const [small, greedy, other] = peers
    small?.awaits()
    const over = [greedy?.awaits(), greedy?.awaits(), greedy?.awaits()]
    expect(ended).toEqual([])
    small?.awaits()()
    expect(ended).toEqual(['greedy'])
    // What it had is given back at once, and not twice.
    for (const each of over) each?.()
    over[0]?.()
    greedy?.awaits()
    greedy?.left()
    for (let more = 0; more < 3; more += 1) other?.awaits()
    expect(ended).toEqual(['greedy'])
    small?.awaits()
    expect(ended).toEqual(['greedy', 'other'])
  })

  it('hangs up on whoever has the most octets held, where there are too many', () => {
    const load = new Load(limits)
    const { peers, ended } = connections(load, 'small', 'greedy')
    const [small, greedy] = peers
    small?.holds().hold(30)
    const held = greedy?.holds()
    held?.hold(60)
    held?.hold(70)
    expect(ended).toEqual([])
    small?.holds().hold(1)
    expect(ended).toEqual(['greedy'])
    held?.release()
    small?.holds().hold(69)
    expect(ended).toEqual(['greedy'])
    small?.holds().hold(1)
    expect(ended).toEqual(['greedy', 'small'])
  })

  it('gives back what a connection held when it is over', () => {
    const load = new Load(limits)
    const { peers, ended } = connections(load, 'one', 'other')
    const [one, other] = peers
    for (let stream = 0; stream < 4; stream += 1) one?.awaits()
    one?.holds().hold(100)
    one?.left()
    one?.left()
    for (let stream = 0; stream < 4; stream += 1) other?.awaits()
    other?.holds().hold(100)
    expect(ended).toEqual([])
  })

  it('attack 319: counts nothing for a call that is over: octets may still come, and nobody would let go', () => {
    const load = new Load(limits)
    const { peers, ended } = connections(load, 'one')
    const over = peers[0]?.holds()
    over?.hold(10)
    over?.release()
    over?.release()
    over?.hold(5000)
    peers[0]?.holds().hold(100)
    expect(ended).toEqual([])
  })
})
