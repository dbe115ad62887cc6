import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  isDnsLabel,
  isUnder,
  parentAlias,
  parseAlias,
  ROOT,
  segmentsOf,
  type Alias,
} from '../../src/core/alias.js'
import {
  entryDnsName,
  linkerdName,
  parseDnsName,
  parseTrustDomain,
  spiffeIdOf,
  type TrustDomain,
} from '../../src/core/names.js'
import type { RefusalCode } from '../../src/core/refusal.js'

const label63 = 'a'.repeat(63)

function alias(text: string): Alias {
  const parsed = parseAlias(text)
  if (!parsed.ok) throw new Error(text)
  return parsed.value
}

describe('parseAlias', () => {
  it.each(['a', 'payments/checkout/api', 'a/b/c/d/e/f/g/h', '0/9', 'a-b/c--d', label63, 'nsx/sax'])(
    'takes %s',
    (text) => expect(parseAlias(text)).toEqual({ ok: true, value: text }),
  )

  it.each<{ when: string; text: string; code: RefusalCode }>([
    { when: 'nothing', text: '', code: 'namespace.bad-alias' },
    { when: 'an empty segment', text: 'a//b', code: 'namespace.bad-alias' },
    { when: 'a leading slash', text: '/a', code: 'namespace.bad-alias' },
    { when: 'a trailing slash', text: 'a/', code: 'namespace.bad-alias' },
    { when: 'upper case', text: 'Payments', code: 'namespace.bad-alias' },
    { when: 'a leading dash', text: '-a', code: 'namespace.bad-alias' },
    { when: 'a trailing dash', text: 'a-', code: 'namespace.bad-alias' },
    { when: 'a dot', text: 'a.b', code: 'namespace.bad-alias' },
    { when: 'two dots', text: 'a/../b', code: 'namespace.bad-alias' },
    { when: 'a percent sign', text: 'a%2fb', code: 'namespace.bad-alias' },
    { when: 'a wildcard', text: '*', code: 'namespace.bad-alias' },
    { when: 'a NUL', text: 'a\0', code: 'namespace.bad-alias' },
    { when: 'a final line feed', text: 'a\n', code: 'namespace.bad-alias' },
    { when: 'a Cyrillic a', text: 'p\u0430yments', code: 'namespace.bad-alias' },
    { when: 'a segment of 64', text: `${label63}a`, code: 'namespace.bad-alias' },
    { when: 'nine segments', text: 'a/b/c/d/e/f/g/h/i', code: 'namespace.too-deep' },
    {
      when: '201 characters',
      text: [label63, label63, label63, 'a'.repeat(9)].join('/'),
      code: 'namespace.name-too-long',
    },
    { when: 'a reserved segment', text: 'a/sa/b', code: 'namespace.reserved-name' },
    { when: 'the label of entries', text: 'entry', code: 'namespace.reserved-name' },
  ])('refuses $when', ({ text, code }) => {
    expect(parseAlias(text)).toMatchObject({ ok: false, refusal: { code } })
  })

  it('takes 200 characters', () => {
    expect(parseAlias([label63, label63, label63, 'a'.repeat(8)].join('/')).ok).toBe(true)
  })

  it('takes no text that is not its own segments, each a DNS label', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-c/.-]{0,12}$/), (text) => {
        const parsed = parseAlias(text)
        if (!parsed.ok) return
        expect(segmentsOf(parsed.value).join('/')).toBe(text)
        expect(segmentsOf(parsed.value).every(isDnsLabel)).toBe(true)
      }),
    )
  })
})

describe('the tree of aliases', () => {
  it.each([
    { inner: 'a', region: 'a', expected: true },
    { inner: 'a/b', region: 'a', expected: true },
    { inner: 'ab', region: 'a', expected: false },
    { inner: 'a', region: 'a/b', expected: false },
    { inner: 'b/a', region: 'a', expected: false },
  ])('$inner under $region: $expected', ({ inner, region, expected }) => {
    expect(isUnder(alias(inner), alias(region))).toBe(expected)
  })

  it('has everything under the root, the root too', () => {
    expect(isUnder(alias('a/b'), ROOT)).toBe(true)
    expect(isUnder(ROOT, ROOT)).toBe(true)
    expect(isUnder(ROOT, alias('a'))).toBe(false)
    expect(segmentsOf(ROOT)).toEqual([])
  })

  it('climbs to the root, one level at a time', () => {
    expect(parentAlias(alias('a/b/c'))).toBe('a/b')
    expect(parentAlias(alias('a'))).toBe(ROOT)
    expect(parentAlias(ROOT)).toBe(ROOT)
  })
})

describe('parseDnsName', () => {
  const name253 = [label63, label63, label63, 'a'.repeat(61)].join('.')

  it.each(['a', 'api.example', '1.2.3.4', 'xn--nxasmq6b.example', name253])('takes %s', (text) => {
    expect(parseDnsName(text)).toBe(text)
  })

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'A.b',
    '*.a',
    'a_b',
    'a b',
    'a\0.b',
    'a\n',
    'ä.b',
    '-a.b',
    'a-.b',
    `${name253}b`,
    `${label63}a.b`,
    '[::1]',
  ])('refuses %j', (text) => expect(parseDnsName(text)).toBeUndefined())
})

describe('the names of an entry', () => {
  const trustDomain = parseTrustDomain('acme.example')!
  const region = {
    controlPlaneNamespace: 'linkerd',
    identityTrustDomain: 'cluster.local' as TrustDomain,
  }

  it('are its SPIFFE ID and its reversed alias under the reserved label', () => {
    expect(spiffeIdOf(trustDomain, alias('payments/checkout/api'))).toBe(
      'spiffe://acme.example/payments/checkout/api',
    )
    expect(entryDnsName(trustDomain, alias('payments/checkout/api'))).toBe(
      'api.checkout.payments.entry.identity.acme.example',
    )
  })

  it('are, in a Linkerd mesh, the name its proxy expects', () => {
    expect(linkerdName(region, 'shop', 'web')).toBe(
      'web.shop.serviceaccount.identity.linkerd.cluster.local',
    )
  })

  it.each([
    { when: 'a dotted service account', namespace: 'shop', serviceAccount: 'a.b' },
    { when: 'a dotted namespace', namespace: 'a.b', serviceAccount: 'web' },
    { when: 'upper case', namespace: 'shop', serviceAccount: 'Web' },
    { when: 'no service account', namespace: 'shop', serviceAccount: '' },
    { when: 'a label of 64', namespace: 'shop', serviceAccount: `${label63}a` },
  ])('do not exist for $when', ({ namespace, serviceAccount }) => {
    expect(linkerdName(region, namespace, serviceAccount)).toBeUndefined()
  })

  it('do not exist beyond 253 characters', () => {
    const long = alias([label63, label63, label63].join('/'))
    expect(entryDnsName(parseTrustDomain(`${'a'.repeat(60)}.example`)!, long)).toBeUndefined()
  })
})
