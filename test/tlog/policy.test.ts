import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isQuorum, parsePolicy, type Policy } from '../../src/tlog/policy.js'
import { formatVerifierKey, signatureType, verifierKey } from '../../src/tlog/verifier-key.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'

const witnessKey = (name: string) => witnessSigner(name).key
const w = (name: string): string => `witness ${name} ${formatVerifierKey(witnessKey(name))}`
const log = `log ${formatVerifierKey(logSigner('log.example').key)}`

function read(...lines: readonly string[]): Policy {
  const policy = parsePolicy(Buffer.from(`${lines.join('\n')}\n`, 'latin1'))
  if (!policy.ok) throw new Error(policy.refusal.found)
  return policy.value
}
const quorumOf = (policy: Policy, ...names: readonly string[]): boolean =>
  isQuorum(
    policy,
    policy.witnesses.filter(({ name }) => names.includes(name)).map(({ key }) => key),
  )

const xAndY = [
  log,
  '',
  ...['X1', 'X2', 'X3'].map(w),
  'group X-witnesses 2 X1 X2 X3',
  '',
  ...['Y1', 'Y2', 'Y3'].map(w),
  'group Y-witnesses any Y1 Y2 Y3',
  '',
  'group X-and-Y all X-witnesses Y-witnesses',
  'quorum X-and-Y',
]

describe('a policy', () => {
  it('is that of the example of C2SP tlog-policy', () => {
    const policy = read(...xAndY)
    expect(policy.logs.length).toBe(1)
    expect(quorumOf(policy, 'X1', 'X3', 'Y2')).toBe(true)
    expect(quorumOf(policy, 'X1', 'X2', 'X3')).toBe(false)
    expect(quorumOf(policy, 'X1', 'Y1', 'Y2', 'Y3')).toBe(false)
    expect(quorumOf(policy)).toBe(false)
  })

  it('counts as its groups say (property)', () => {
    const policy = read(...xAndY)
    const names = ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3']
    fc.assert(
      fc.property(fc.subarray(names), (some) => {
        const has = (letter: string): number =>
          some.filter((name) => name.startsWith(letter)).length
        expect(quorumOf(policy, ...some)).toBe(has('X') >= 2 && has('Y') >= 1)
      }),
    )
  })

  it('may want one witness, or none', () => {
    expect(quorumOf(read(w('a'), 'quorum a'), 'a')).toBe(true)
    expect(quorumOf(read(w('a'), w('b'), 'quorum a'), 'b')).toBe(false)
    expect(quorumOf(read('quorum none'))).toBe(true)
  })

  it('does not count a key that is not the one of its witness', () => {
    const policy = read(w('a'), 'quorum a')
    const same = verifierKey('a', signatureType.cosignature, witnessKey('b').publicKey)
    expect(isQuorum(policy, [same!])).toBe(false)
  })

  it('has comments, tabs, URLs and names that are not ASCII', () => {
    const policy = read(
      '# comment',
      '  \t# comment',
      ` \t${w('a')}\thttps://a.example/`,
      `witness \u00e2\u0084\u00aa ${formatVerifierKey(witnessKey('K'))}`,
      w('K2'),
      'group\tg\t1\ta\t\u00e2\u0084\u00aa \t',
      ` quorum  g `,
    )
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ['a', 'https://a.example/'],
      ['\u00e2\u0084\u00aa', undefined],
      ['K2', undefined],
    ])
    expect(quorumOf(policy, '\u00e2\u0084\u00aa')).toBe(true)
    expect(quorumOf(policy, 'K2')).toBe(false)
  })

  const sameKey = formatVerifierKey(
    verifierKey('other', signatureType.cosignature, witnessKey('a').publicKey)!,
  )
  const asLog = formatVerifierKey(
    verifierKey('other', signatureType.ed25519, witnessKey('a').publicKey)!,
  )
  it.each<[string, readonly string[]]>([
    ['no quorum', [w('a')]],
    ['two of them', [w('a'), 'quorum a', 'quorum a']],
    ['a quorum of nobody', ['quorum']],
    ['a quorum that is not known', ['quorum a']],
    ['a quorum that is defined after it', ['quorum a', w('a')]],
    ['a quorum of two', [w('a'), w('b'), 'quorum a b']],
    ['a name twice', [w('a'), `witness a ${formatVerifierKey(witnessKey('b'))}`, 'quorum a']],
    ['a group with the name of a witness', [w('a'), 'group a any a', 'quorum a']],
    ['a witness named none', [w('none'), 'quorum none']],
    ['a group named none', [w('a'), 'group none any a', 'quorum none']],
    ['none as a member', [w('a'), 'group g any a none', 'quorum g']],
    ['a public key twice', [w('a'), `witness b ${sameKey}`, 'quorum a']],
    ['a public key as log and witness', [w('a'), `log ${asLog}`, 'quorum a']],
    ['a log twice', [log, log, 'quorum none']],
    ['a group of itself', [w('a'), 'group g any g a', 'quorum g']],
    ['a member that comes later', [w('a'), 'group g any a b', w('b'), 'quorum g']],
    ['a member of two groups', [w('a'), 'group g any a', 'group h any a', 'quorum g']],
    ['a member twice', [w('a'), 'group g 2 a a', 'quorum g']],
    ['a threshold of 0', [w('a'), 'group g 0 a', 'quorum g']],
    ['a threshold above all', [w('a'), 'group g 2 a', 'quorum g']],
    ['a negative threshold', [w('a'), 'group g -1 a', 'quorum g']],
    ['a threshold of another spelling', [w('a'), 'group g 01 a', 'quorum g']],
    ['a group without members', [w('a'), 'group g any', 'quorum a']],
    ['a group without a threshold', [w('a'), 'group g', 'quorum a']],
    ['an unknown keyword', [w('a'), 'Quorum a', 'quorum a']],
    ['a comment behind a line', [`${w('a')} https://a.example/ #comment`, 'quorum a']],
    ['a witness with the key of a log', [log.replace('log ', 'witness a '), 'quorum a']],
    ['a log with the key of a witness', [w('a').replace('witness a', 'log'), 'quorum none']],
    ['a carriage return', [`${w('a')}\r`, 'quorum a']],
    ['DEL', ['# \u007f', 'quorum none']],
    ['NUL', ['# \u0000', 'quorum none']],
    ['65 witnesses', [...Array.from({ length: 65 }, (_, at) => w(`n${at}`)), 'quorum none']],
    [
      '65 groups',
      [
        ...Array.from({ length: 64 }, (_, at) => w(`n${at}`)),
        ...Array.from({ length: 64 }, (_, at) => `group g${at} any n${at}`),
        'group last any g0',
        'quorum none',
      ],
    ],
    ['65,537 octets', [`#${'a'.repeat(65_536)}`, 'quorum none']],
  ])('is not one with %s', (_, lines) => {
    const policy = parsePolicy(Buffer.from(`${lines.join('\n')}\n`, 'latin1'))
    expect(policy.ok ? policy.value : policy.refusal.code).toBe('tlog.malformed')
  })

  it('is not one that was cut short', () => {
    const octets = Buffer.from(`${[w('X'), w('X-and-Y'), 'quorum X-and-Y'].join('\n')}\n`)
    expect(parsePolicy(octets).ok).toBe(true)
    for (let to = 0; to < octets.length; to++) {
      expect(parsePolicy(octets.subarray(0, to)).ok).toBe(false)
    }
  })

  it('holds 64 of each kind', () => {
    const names = Array.from({ length: 64 }, (_, at) => `n${at}`)
    const policy = read(
      ...names.map((name) => `log ${formatVerifierKey(logSigner(name).key)}`),
      ...names.map(w),
      'group g0 any n0',
      ...names.slice(1).map((name, at) => `group g${at + 1} all g${at} ${name}`),
      'quorum g63',
    )
    expect(quorumOf(policy, ...names)).toBe(true)
    expect(quorumOf(policy, ...names.slice(1))).toBe(false)
  })
})
