import fc from 'fast-check'
import type { Alias } from '../../src/core/alias.js'
import { keyAlgorithms } from '../../src/core/key-algorithm.js'
import type { Uid } from '../../src/core/uid.js'
import {
  attestorKinds,
  capabilityKinds,
  type Envelope,
  MAX_GRACE,
  MAX_TTL,
  normalize,
  type PortRange,
  sanKinds,
  usageKinds,
} from '../../src/namespace/envelope.js'

const uids = ['a', 'b', 'c'].map((letter) => `c${letter.repeat(31)}` as Uid)
const regions = ['', 'a', 'a/b', 'a/b/c', 'ab', 'b', 'b/a'] as Alias[]

const region = fc.array(fc.constantFrom(...regions), { maxLength: 4 })
const number = (max: number) => fc.oneof(fc.integer({ min: 0, max }), fc.constantFrom(0, max))
const range = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 4 }))
  .map(([from, length]): PortRange => [from, from + length])

/** Any envelope, normal; few values, so that two of them often have something in common. */
export const envelopes: fc.Arbitrary<Envelope> = fc
  .record(
    {
      attestors: fc.subarray([...attestorKinds]),
      maxTtl: number(MAX_TTL),
      keyAlgs: fc.subarray([...keyAlgorithms]),
      usages: fc.subarray([...usageKinds]),
      sanKinds: fc.subarray([...sanKinds]),
      names: region,
      clusters: fc.oneof(fc.constant('*' as const), fc.subarray(uids)),
      mayCall: region,
      mayAccept: region,
      ports: fc.array(range, { maxLength: 4 }),
      allowUnauthenticated: fc.boolean(),
      federate: fc.subarray(uids),
      graceAfterExpiry: number(MAX_GRACE),
      capabilities: fc.subarray([...capabilityKinds]),
    },
    { requiredKeys: [] },
  )
  .map(normalize)
