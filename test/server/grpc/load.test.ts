import { describe, expect, it } from '@jest/globals'
import { defaultGrpcLimits } from '../../../src/server/grpc/limits.js'
import { type CallSlot, Load } from '../../../src/server/grpc/load.js'
import { GrpcFailure } from '../../../src/server/grpc/status.js'

const limits = { ...defaultGrpcLimits, calls: 2, bufferedOctets: 100 }

function entered(load: Load): CallSlot {
  const slot = load.enter()
  if (slot instanceof GrpcFailure) throw new Error('no place')
  return slot
}

describe('Load', () => {
  it('gives back what a call held, and its place, once', () => {
    const load = new Load(limits)
    const [one, other] = [entered(load), entered(load)]
    expect(one.hold(60)).toBeUndefined()
    expect(other.hold(41)).toBeInstanceOf(GrpcFailure)
    expect(load.enter()).toBeInstanceOf(GrpcFailure)
    one.release()
    one.release()
    expect(other.hold(100)).toBeUndefined()
    entered(load)
    expect(load.enter()).toBeInstanceOf(GrpcFailure)
  })

  it('attack 319: counts nothing for a call that is over: octets may still come, and nobody would let go', () => {
    const load = new Load(limits)
    const over = entered(load)
    over.hold(10)
    over.release()
    expect(over.hold(5000)).toBeUndefined()
    expect(entered(load).hold(100)).toBeUndefined()
  })
})
