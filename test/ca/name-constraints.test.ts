import { describe, expect, it } from '@jest/globals'
import type { CertificateFacts } from '../../src/ca/certificate-facts.js'
import type { SubjectAltName } from '../../src/ca/leaf.js'
import {
  type DnsConstraints,
  dnsConstraintsOf,
  withinConstraints,
} from '../../src/ca/name-constraints.js'

const held = (permitted: readonly string[], excluded: readonly string[] = []): DnsConstraints => ({
  permitted,
  excluded,
})
const dns = (value: string): SubjectAltName => ({ kind: 'dns', value })
const names = [
  dns('web.acme.example'),
  { kind: 'uri', value: 'spiffe://acme.example/web' },
] as const

describe('withinConstraints', () => {
  it.each([
    { when: 'there are none', constraints: [] },
    { when: 'the name is permitted itself', constraints: [held(['web.acme.example'])] },
    { when: 'it is below what is permitted', constraints: [held(['acme.example'])] },
    { when: 'it is below a permitted domain with a dot', constraints: [held(['.acme.example'])] },
    { when: 'case differs', constraints: [held(['ACME.example'])] },
    { when: 'one of several regions permits it', constraints: [held(['b.example', 'example'])] },
    { when: 'everything is permitted', constraints: [held([''])] },
    {
      when: 'a neighbour is excluded',
      constraints: [held([], ['b.acme.example', 'eb.acme.example'])],
    },
    {
      when: 'every certificate permits it',
      constraints: [held(['example']), held(['acme.example'])],
    },
  ])('holds when $when', ({ constraints }) => {
    expect(withinConstraints(constraints, names).ok).toBe(true)
  })

  it.each([
    { when: 'the name is elsewhere', constraints: [held(['b.example'])] },
    { when: 'it only ends alike', constraints: [held(['cme.example'])] },
    { when: 'only what is below it is permitted', constraints: [held(['.web.acme.example'])] },
    { when: 'it is excluded itself', constraints: [held([], ['web.acme.example'])] },
    { when: 'it is permitted, and excluded', constraints: [held(['example'], ['acme.example'])] },
    { when: 'everything is excluded', constraints: [held([], [''])] },
    { when: 'one certificate does not permit it', constraints: [held(['example']), held(['b'])] },
  ])('refuses when $when', ({ constraints }) => {
    expect(withinConstraints(constraints, names)).toMatchObject({
      refusal: { code: 'ca.name-not-permitted', found: 'web.acme.example' },
    })
  })

  it('looks at every name', () => {
    const more = [...names, dns('b.other.example')]
    expect(withinConstraints([held(['acme.example'])], more)).toMatchObject({
      refusal: { found: 'b.other.example' },
    })
  })

  it('says what would have been permitted, or what rules it out', () => {
    const wanted = (constraints: DnsConstraints): unknown => {
      const answer = withinConstraints([constraints], names)
      return answer.ok || answer.refusal.wanted
    }
    expect(wanted(held(['b.example', 'c.example']))).toBe('b.example, c.example')
    expect(wanted(held(['example'], ['acme.example']))).toBe('not in acme.example')
  })
})

describe('dnsConstraintsOf', () => {
  type Constraints = NonNullable<CertificateFacts['nameConstraints']>
  const chain = (...all: readonly (Constraints | undefined)[]): readonly DnsConstraints[] =>
    dnsConstraintsOf(all.map((nameConstraints) => ({ nameConstraints }) as CertificateFacts))
  const a = { kind: 'dns', value: 'a.example' } as const
  const uri = { kind: 'uri', value: 'acme.example' } as const

  it('keeps those of every certificate that constrains DNS names, and of no other', () => {
    expect(
      chain(
        undefined,
        { permitted: [a, uri], excluded: [uri] },
        { permitted: [], excluded: [a] },
        { permitted: [a], excluded: [a] },
        { permitted: [uri], excluded: [uri] },
      ),
    ).toEqual([held(['a.example']), held([], ['a.example']), held(['a.example'], ['a.example'])])
  })
})
