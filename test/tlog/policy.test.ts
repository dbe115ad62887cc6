import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  isQuorum,
  parsePolicy,
  type Policy,
  policyOfKeys,
  wantsCosigners,
} from '../../src/tlog/policy.js'
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

  it('is in UTF-8, as the names of keys are', () => {
    const { key } = witnessSigner('\u00e4.example')
    const text = `witness a ${formatVerifierKey(key)}\nquorum a\n`
    const policy = parsePolicy(Buffer.from(text, 'utf8'))
    expect(policy.ok && policy.value.witnesses.map((one) => one.key.name)).toEqual([key.name])
  })

  const sameKey = formatVerifierKey(
    verifierKey('other', signatureType.cosignature, witnessKey('a').publicKey)!,
  )
  const asLog = formatVerifierKey(
    verifierKey('other', signatureType.ed25519, witnessKey('a').publicKey)!,
  )
  it.each<[string, readonly string[], string]>([
    ['no quorum', [w('a')], 'line 1: no quorum line'],
    ['two of them', [w('a'), 'quorum a', 'quorum a'], 'line 3: a second quorum'],
    ['a quorum of nobody', ['quorum'], 'line 1: a quorum that is not defined before'],
    ['a quorum that is not known', ['quorum a'], 'line 1: a quorum that is not defined before'],
    [
      'a quorum that is defined after it',
      ['quorum a', w('a')],
      'line 1: a quorum that is not defined before',
    ],
    ['a quorum of two', [w('a'), w('b'), 'quorum a b'], 'line 3: more items than a quorum has'],
    [
      'a name twice',
      [w('a'), `witness a ${formatVerifierKey(witnessKey('b'))}`, 'quorum a'],
      'line 2: a name for the second time',
    ],
    [
      'a group with the name of a witness',
      [w('a'), 'group a any a', 'quorum a'],
      'line 2: a name for the second time',
    ],
    ['a witness named none', [w('none'), 'quorum none'], 'line 1: the name "none"'],
    ['a group named none', [w('a'), 'group none any a', 'quorum none'], 'line 2: the name "none"'],
    [
      'none as a member',
      [w('a'), 'group g any a none', 'quorum g'],
      'line 2: a member that is not defined before',
    ],
    [
      'a public key twice',
      [w('a'), `witness b ${sameKey}`, 'quorum a'],
      'line 2: a public key for the second time',
    ],
    [
      'a public key as log and witness',
      [w('a'), `log ${asLog}`, 'quorum a'],
      'line 2: a public key for the second time',
    ],
    ['a log twice', [log, log, 'quorum none'], 'line 2: a public key for the second time'],
    [
      'a group of itself',
      [w('a'), 'group g any g a', 'quorum g'],
      'line 2: a member that is not defined before',
    ],
    [
      'a member that comes later',
      [w('a'), 'group g any a b', w('b'), 'quorum g'],
      'line 2: a member that is not defined before',
    ],
    [
      'a member of two groups',
      [w('a'), 'group g any a', 'group h any a', 'quorum g'],
      'line 3: a name that is a member already',
    ],
    [
      'a member twice',
      [w('a'), 'group g 2 a a', 'quorum g'],
      'line 2: a name that is a member already',
    ],
    [
      'a threshold of 0',
      [w('a'), 'group g 0 a', 'quorum g'],
      'line 2: no threshold from 1 to the number of members',
    ],
    [
      'a threshold above all',
      [w('a'), 'group g 2 a', 'quorum g'],
      'line 2: no threshold from 1 to the number of members',
    ],
    [
      'a negative threshold',
      [w('a'), 'group g -1 a', 'quorum g'],
      'line 2: no threshold from 1 to the number of members',
    ],
    [
      'a threshold of another spelling',
      [w('a'), 'group g 01 a', 'quorum g'],
      'line 2: no threshold from 1 to the number of members',
    ],
    [
      'a group without members',
      [w('a'), 'group g any', 'quorum a'],
      'line 2: a group without members',
    ],
    [
      'a group without a threshold',
      [w('a'), 'group g', 'quorum a'],
      'line 2: a group without members',
    ],
    [
      'an unknown keyword',
      [w('a'), 'Quorum a', 'quorum a'],
      'line 2: a line that is no log, witness, group or quorum',
    ],
    [
      'a comment behind a line',
      [`${w('a')} https://a.example/ #comment`, 'quorum a'],
      'line 1: more items than a witness has',
    ],
    [
      'a witness with the key of a log',
      [log.replace('log ', 'witness a '), 'quorum a'],
      'line 1: no key of a witness',
    ],
    [
      'a log with the key of a witness',
      [w('a').replace('witness a', 'log'), 'quorum none'],
      'line 1: no key of a log',
    ],
    ['a carriage return', [`${w('a')}\r`, 'quorum a'], 'a control character'],
    ['DEL', ['# \u007f', 'quorum none'], 'a control character'],
    ['NUL', ['# \u0000', 'quorum none'], 'a control character'],
    [
      '65 logs',
      [
        ...Array.from(
          { length: 65 },
          (_, at) => `log ${formatVerifierKey(logSigner(`n${at}`).key)}`,
        ),
        'quorum none',
      ],
      'line 65: too many logs',
    ],
    [
      'three items in a log',
      [`${log} https://a.example/ x`, 'quorum none'],
      'line 1: more items than a log has',
    ],
    [
      'a line before the last that is none',
      [w('a'), 'quorum'],
      'line 2: a quorum that is not defined before',
    ],
    [
      '65 witnesses',
      [...Array.from({ length: 65 }, (_, at) => w(`n${at}`)), 'quorum none'],
      'line 65: too many witnesses',
    ],
    [
      '65 groups',
      [
        ...Array.from({ length: 64 }, (_, at) => w(`n${at}`)),
        ...Array.from({ length: 64 }, (_, at) => `group g${at} any n${at}`),
        'group last any g0',
        'quorum none',
      ],
      'line 129: too many groups',
    ],
    ['65,537 octets', [`#${'a'.repeat(65_536)}`, 'quorum none'], 'more octets than a policy has'],
  ])('is not one with %s', (_, lines, found) => {
    const policy = parsePolicy(Buffer.from(`${lines.join('\n')}\n`, 'latin1'))
    expect(policy.ok ? policy.value : policy.refusal).toMatchObject({
      code: 'tlog.malformed',
      found,
    })
  })

  it('is not one that was cut short', () => {
    const octets = Buffer.from(`${[w('X'), w('X-and-Y'), 'quorum X-and-Y'].join('\n')}\n`)
    expect(parsePolicy(octets).ok).toBe(true)
    const cut = parsePolicy(octets.subarray(0, -1))
    expect(cut.ok ? cut.value : cut.refusal.found).toBe('line 3: no line feed at the end')
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

describe('a policy wants cosigners', () => {
  const [a, b] = ['log.example', 'other.example'].map(
    (name) => `log ${formatVerifierKey(logSigner(name).key)}`,
  ) as [string, string]

  it.each<[string, readonly string[], boolean]>([
    ['of every log, where it lists none', [w('w'), 'quorum w'], true],
    ['of a log that it lists beside others', [b, a, w('w'), 'quorum w'], true],
    ['of no log that it does not list', [b, w('w'), 'quorum w'], false],
    ['of none, without a quorum', [w('w'), 'quorum none'], false],
    ['of none, without a quorum and with the log', [a, w('w'), 'quorum none'], false],
  ])('%s', (_, lines, wanted) => {
    expect(wantsCosigners(read(...lines), 'log.example')).toBe(wanted)
  })
})

describe('a policy of keys', () => {
  const keys = ['a', 'b', 'c'].map((name) => formatVerifierKey(witnessKey(name)))

  it('wants so many of them', () => {
    const policy = policyOfKeys(keys, 2)
    if (!policy.ok) throw new Error(policy.refusal.detail)
    expect(quorumOf(policy.value, 'w1', 'w3')).toBe(true)
    expect(quorumOf(policy.value, 'w3')).toBe(false)
    expect(policyOfKeys(keys, 3).ok).toBe(true)
  })

  it.each<[string, readonly string[], number, string]>([
    ['a key that is none', [...keys, 'no key'], 1, 'text of another form'],
    ['a key twice', [...keys, keys[0]!], 2, 'line 4: a public key for the second time'],
    ['more than there are', keys, 4, 'line 4: no threshold from 1 to the number of members'],
    ['none of them', keys, 0, 'line 4: no threshold from 1 to the number of members'],
    ['no keys', [], 1, 'line 1: a group without members'],
  ])('is none with %s', (_, vkeys, threshold, found) => {
    const policy = policyOfKeys(vkeys, threshold)
    expect(policy.ok ? policy.value : policy.refusal).toMatchObject({
      code: 'tlog.malformed',
      found,
    })
  })
})
