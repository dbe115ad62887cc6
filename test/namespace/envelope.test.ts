import { describe, expect, it } from '@jest/globals'
import type { Uid } from '../../src/core/uid.js'
import {
  badPortRange,
  badRegion,
  defaultEntryEnvelope,
  type Envelope,
  exceeds,
  fullEnvelope,
  meet,
  mergePorts,
  meetPorts,
  normalize,
  type PortRange,
  portsBeyond,
} from '../../src/namespace/envelope.js'
import { alias } from './given-index.js'

const [one, two] = ['a', 'b'].map((letter) => `c${letter.repeat(31)}` as Uid) as [Uid, Uid]

describe('the envelope of a new root', () => {
  it('allows what is sane, and RSA, unauthenticated peers and writing of nobody', () => {
    expect(fullEnvelope).toEqual({
      attestors: ['edge', 'join-token', 'kubernetes', 'vm'],
      maxTtl: 86_400,
      keyAlgs: ['Ed25519', 'P-256', 'P-384'],
      usages: ['clientAuth', 'serverAuth'],
      sanKinds: ['dns-entry', 'dns-linkerd', 'spiffe'],
      names: [''],
      clusters: '*',
      mayCall: [''],
      mayAccept: [''],
      ports: [[1, 65_535]],
      allowUnauthenticated: false,
      federate: [],
      graceAfterExpiry: 7_776_000,
      capabilities: ['reader'],
    })
  })

  it('is in normal form, and above that of a new entry, which has no grace and may read nothing', () => {
    expect(JSON.stringify(normalize(fullEnvelope))).toBe(JSON.stringify(fullEnvelope))
    const own = { graceAfterExpiry: 0, capabilities: [] }
    expect(defaultEntryEnvelope).toEqual({ ...fullEnvelope, ...own })
    expect(exceeds(defaultEntryEnvelope, fullEnvelope)).toBeUndefined()
    expect(exceeds(fullEnvelope, defaultEntryEnvelope)).toBe('capabilities')
  })
})

describe('the meet of two envelopes', () => {
  it.each<readonly [Envelope, Envelope, Envelope]>([
    [{ maxTtl: 60 }, { maxTtl: 50 }, { maxTtl: 50 }],
    [{ maxTtl: 60 }, {}, {}],
    [
      { allowUnauthenticated: true },
      { allowUnauthenticated: true },
      { allowUnauthenticated: true },
    ],
    [
      { allowUnauthenticated: true },
      { allowUnauthenticated: false },
      { allowUnauthenticated: false },
    ],
    [{ allowUnauthenticated: true }, {}, {}],
    [{ keyAlgs: ['P-256', 'RSA'] }, { keyAlgs: ['RSA', 'P-384'] }, { keyAlgs: ['RSA'] }],
    [{ keyAlgs: ['P-256'] }, {}, {}],
    [{ names: [alias('a')] }, { names: [alias('a/b'), alias('c')] }, { names: [alias('a/b')] }],
    [{ names: [alias('')] }, {}, {}],
    [{ clusters: '*' }, { clusters: [one] }, { clusters: [one] }],
    [{ clusters: '*' }, { clusters: '*' }, { clusters: '*' }],
    [{ clusters: [one, two] }, { clusters: [two] }, { clusters: [two] }],
    [{ clusters: '*' }, {}, {}],
    [{ ports: [[1, 9]] }, { ports: [[5, 20]] }, { ports: [[5, 9]] }],
    [{ ports: [[1, 9]] }, {}, {}],
  ])('of %j and %j is %j', (a, b, both) => {
    expect(meet(a, b)).toStrictEqual(both)
    expect(meet(b, a)).toStrictEqual(both)
  })
})

describe('what exceeds a ceiling', () => {
  it.each<Envelope>([
    { maxTtl: 1 },
    { graceAfterExpiry: 1 },
    { allowUnauthenticated: true },
    { attestors: ['vm'] },
    { names: [alias('')] },
    { mayCall: [alias('a')] },
    { clusters: '*' },
    { clusters: [one] },
    { ports: [[1, 1]] },
    { capabilities: ['reader'] },
    { federate: [one] },
  ])('is anything that %j allows, where the ceiling says nothing of it', (envelope) => {
    expect(exceeds(envelope, {})).toBe(Object.keys(envelope)[0])
    expect(exceeds(envelope, envelope)).toBeUndefined()
  })

  it.each<Envelope>([
    { maxTtl: 0 },
    { allowUnauthenticated: false },
    { names: [] },
    { clusters: [] },
    { ports: [] },
    { capabilities: [] },
  ])('is nothing of %j, which allows as much as what is absent', (envelope) => {
    expect(exceeds(envelope, {})).toBeUndefined()
    expect(exceeds({}, envelope)).toBeUndefined()
  })

  it('is named by the first field of the alphabet, in whatever order they are said', () => {
    expect(exceeds({ ports: [[1, 1]], maxTtl: 1, keyAlgs: ['RSA'] }, {})).toBe('keyAlgs')
    expect(exceeds({ ports: [[1, 1]], maxTtl: 1, keyAlgs: ['RSA'] }, { keyAlgs: ['RSA'] })).toBe(
      'maxTtl',
    )
  })
})

describe('the normal form of an envelope', () => {
  it('has each cluster once, sorted, and every one for a star', () => {
    expect(normalize({ clusters: [two, one, two] })).toEqual({ clusters: [one, two] })
    expect(normalize({ clusters: '*' })).toEqual({ clusters: '*' })
  })

  it('has no region within another, and none that only begins alike', () => {
    const names = ['b', 'a/b', 'ab', 'a', 'b'].map(alias)
    expect(normalize({ names })).toEqual({ names: ['a', 'ab', 'b'] })
  })
})

describe('what no envelope holds', () => {
  it.each(['names', 'mayCall', 'mayAccept'] as const)('is no region: %s', (field) => {
    expect(badRegion({ [field]: ['', 'a/b'] })).toBeUndefined()
    expect(badRegion({ [field]: ['a', 'A/b', '/'] })).toBe('A/b')
    expect(badRegion({ [field]: ['a/'] })).toBe('a/')
  })

  it('is a range without ports', () => {
    expect(
      badPortRange([
        [1, 1],
        [3, 2],
      ]),
    ).toEqual([3, 2])
    expect(badPortRange([[1, 1]])).toBeUndefined()
  })
})

describe('ranges of ports', () => {
  it.each<readonly [PortRange[], PortRange[]]>([
    [[], []],
    [
      [
        [5, 6],
        [1, 9],
      ],
      [[1, 9]],
    ],
    [
      [
        [1, 9],
        [5, 6],
      ],
      [[1, 9]],
    ],
    [
      [
        [1, 3],
        [1, 5],
      ],
      [[1, 5]],
    ],
    [
      [
        [4, 5],
        [1, 3],
      ],
      [[1, 5]],
    ],
    [
      [
        [5, 6],
        [1, 3],
      ],
      [
        [1, 3],
        [5, 6],
      ],
    ],
  ])('merged: %j is %j', (ranges, merged) => {
    expect(mergePorts(ranges)).toEqual(merged)
  })

  it.each<readonly [PortRange[], PortRange[], PortRange[], PortRange[]]>([
    [[[10, 20]], [[30, 40]], [], [[10, 20]]],
    [[[10, 20]], [[1, 9]], [], [[10, 20]]],
    [[[10, 20]], [[21, 30]], [], [[10, 20]]],
    [[[10, 20]], [[20, 30]], [[20, 20]], [[10, 19]]],
    [[[10, 20]], [[1, 10]], [[10, 10]], [[11, 20]]],
    [[[10, 20]], [[10, 20]], [[10, 20]], []],
    [[[10, 20]], [[9, 21]], [[10, 20]], []],
    [
      [[10, 20]],
      [[12, 12]],
      [[12, 12]],
      [
        [10, 11],
        [13, 20],
      ],
    ],
    [
      [[10, 20]],
      [
        [12, 13],
        [15, 16],
      ],
      [
        [12, 13],
        [15, 16],
      ],
      [
        [10, 11],
        [14, 14],
        [17, 20],
      ],
    ],
    [
      [
        [30, 40],
        [10, 20],
      ],
      [[15, 35]],
      [
        [15, 20],
        [30, 35],
      ],
      [
        [10, 14],
        [36, 40],
      ],
    ],
    [[], [[1, 2]], [], []],
    [[[1, 2]], [], [], [[1, 2]]],
  ])('%j and %j: both have %j, and only the first %j', (a, b, both, beyond) => {
    expect(meetPorts(a, b)).toEqual(both)
    expect(portsBeyond(a, b)).toEqual(beyond)
  })
})
