import { describe, expect, it } from '@jest/globals'
import { type LeafTerms, planLeaf } from '../../src/ca/plan-leaf.js'
import type { SpkiDer } from '../../src/core/der.js'
import { days, hours, minus, plus, seconds } from '../../src/core/time.js'
import { T0 } from '../support/fake-clock.js'
import { nextSerial } from './given-authorities.js'

const terms: LeafTerms = {
  serial: nextSerial(),
  spki: new Uint8Array(1) as SpkiDer,
  names: [{ kind: 'dns', value: 'web.example' }],
  usages: ['serverAuth', 'clientAuth'],
  maxTtl: hours(24),
  issuer: { notBefore: minus(T0, days(1)), notAfter: plus(T0, days(90)) },
  now: T0,
}

describe('planLeaf', () => {
  it('backdates by two minutes and ends with the last second of the lifetime', () => {
    const plan = planLeaf(terms)
    expect(plan.notBefore).toBe(T0 - 120)
    expect(plan.notAfter).toBe(T0 + 86_399)
  })

  it.each([
    { when: 'a request asks for less', requestedTtl: hours(1), notAfter: T0 + 3599 },
    { when: 'a request asks for more', requestedTtl: hours(48), notAfter: T0 + 86_399 },
  ])('lets requests only shorten: $when', ({ requestedTtl, notAfter }) => {
    expect(planLeaf({ ...terms, requestedTtl }).notAfter).toBe(notAfter)
  })

  it('ends with the chain, to the second', () => {
    const issuer = { notBefore: T0, notAfter: plus(T0, seconds(10)) }
    const plan = planLeaf({ ...terms, issuer })
    expect(plan).toMatchObject({ notBefore: T0, notAfter: T0 + 10 })
  })

  it('has room for 64 names', () => {
    const names = Array.from({ length: 64 }, (_, i) => ({ kind: 'dns' as const, value: `a${i}.b` }))
    expect(planLeaf({ ...terms, names }).names).toHaveLength(64)
  })

  it.each([
    'spiffe://acme.example/payments/checkout/api',
    'spiffe://a/b',
    'spiffe://a/...',
    'spiffe://a/.b/b./..c',
    `spiffe://a/${'x'.repeat(2048 - 'spiffe://a/'.length)}`,
  ])('takes %s for a SPIFFE ID', (value) => {
    expect(planLeaf({ ...terms, names: [spiffe(value)] }).names).toEqual([spiffe(value)])
  })

  it.each<{ when: string; wrong: Partial<LeafTerms> }>([
    { when: 'the issuer is expired', wrong: { now: plus(terms.issuer.notAfter, seconds(1)) } },
    {
      when: 'the issuer is not valid yet',
      wrong: { now: minus(terms.issuer.notBefore, seconds(1)) },
    },
    { when: 'the lifetime is nothing', wrong: { maxTtl: seconds(0) } },
    { when: 'the requested lifetime is negative', wrong: { requestedTtl: seconds(-5) } },
    { when: 'there is no name', wrong: { names: [] } },
    {
      when: 'there are two URIs',
      wrong: { names: [spiffe('spiffe://a/b'), spiffe('spiffe://a/c')] },
    },
    { when: 'a name is a wildcard', wrong: { names: [{ kind: 'dns', value: '*.example' }] } },
    { when: 'a name is upper case', wrong: { names: [{ kind: 'dns', value: 'A.example' }] } },
    { when: 'a name has a trailing dot', wrong: { names: [{ kind: 'dns', value: 'a.example.' }] } },
    { when: 'a name carries another', wrong: { names: [{ kind: 'dns', value: 'a, DNS:b' }] } },
    { when: 'a name ends in NUL', wrong: { names: [{ kind: 'dns', value: 'a.example\0' }] } },
    { when: 'a SPIFFE ID has no path', wrong: { names: [spiffe('spiffe://acme.example')] } },
    {
      when: 'there are 65 names',
      wrong: { names: Array.from({ length: 65 }, (_, i) => ({ kind: 'dns', value: `a${i}.b` })) },
    },
    {
      when: 'a SPIFFE ID has 2049 characters',
      wrong: { names: [spiffe(`spiffe://a/${'x'.repeat(2049 - 'spiffe://a/'.length)}`)] },
    },
    ...['/a/../b', '/a/..', '/..', '/a/./b', '/a/.', '/.', '/a/', '//a', '/a?', '/a#b', '/a b'].map(
      (path) => ({ when: `a SPIFFE ID has the path ${path}`, wrong: idAt(path) }),
    ),
    { when: 'a SPIFFE ID follows another text', wrong: { names: [spiffe('xspiffe://a/b')] } },
    { when: 'a SPIFFE ID is upper case', wrong: { names: [spiffe('spiffe://A/b')] } },
    { when: 'a SPIFFE ID goes up', wrong: { names: [spiffe('spiffe://acme.example/a/../b')] } },
    {
      when: 'a SPIFFE ID is percent-encoded',
      wrong: { names: [spiffe('spiffe://acme.example/%61')] },
    },
    { when: 'a URI is of another scheme', wrong: { names: [spiffe('https://acme.example/a')] } },
    { when: 'an address is a name', wrong: { names: [{ kind: 'ip', value: 'localhost' }] } },
    { when: 'there is no usage', wrong: { usages: [] } },
    { when: 'a usage is there twice', wrong: { usages: ['serverAuth', 'serverAuth'] } },
  ])('throws when $when', ({ wrong }) => {
    expect(() => planLeaf({ ...terms, ...wrong })).toThrow()
  })
})

function idAt(path: string): Partial<LeafTerms> {
  return { names: [spiffe(`spiffe://a${path}`)] }
}

function spiffe(value: string): { kind: 'uri'; value: string } {
  return { kind: 'uri', value }
}
