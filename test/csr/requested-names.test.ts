import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { asksOnlyFor } from '../../src/csr/requested-names.js'
import type { RequestedNames } from '../../src/csr/verified-csr.js'

const granted = [
  { kind: 'dns', value: 'web.shop.serviceaccount.identity.linkerd.cluster.local' },
  { kind: 'uri', value: 'spiffe://acme.example/shop/web' },
] as const
const [{ value: dnsName }, { value: spiffeId }] = granted

const asking = (names: Partial<RequestedNames>): RequestedNames => ({
  commonName: '',
  dns: [],
  uris: [],
  others: [],
  ...names,
})

describe('asksOnlyFor allows', () => {
  it.each<{ when: string; names: Partial<RequestedNames> }>([
    { when: 'nothing', names: {} },
    { when: 'all of it', names: { commonName: dnsName, dns: [dnsName], uris: [spiffeId] } },
    { when: 'the DNS name alone', names: { dns: [dnsName] } },
    { when: 'the SPIFFE ID alone', names: { uris: [spiffeId] } },
    { when: 'a common name alone', names: { commonName: dnsName } },
    { when: 'the SPIFFE ID as common name', names: { commonName: spiffeId } },
    { when: 'one name twice', names: { dns: [dnsName, dnsName] } },
  ])('$when', ({ names }) => {
    expect(asksOnlyFor(asking(names), granted)).toEqual({ ok: true, value: undefined })
  })
})

describe('asksOnlyFor refuses', () => {
  it.each<{ when: string; names: Partial<RequestedNames> }>([
    {
      when: 'another DNS name',
      names: { dns: ['api.shop.serviceaccount.identity.linkerd.cluster.local'] },
    },
    { when: 'another name behind the granted one', names: { dns: [dnsName, 'evil.example'] } },
    { when: 'another name before the granted one', names: { dns: ['evil.example', dnsName] } },
    { when: 'another SPIFFE ID', names: { uris: ['spiffe://acme.example/shop/api'] } },
    { when: 'the SPIFFE ID below', names: { uris: [`${spiffeId}/x`] } },
    { when: 'the SPIFFE ID above', names: { uris: ['spiffe://acme.example/shop'] } },
    { when: 'another common name', names: { commonName: 'evil.example', dns: [dnsName] } },
    { when: 'the DNS name as URI', names: { uris: [dnsName] } },
    { when: 'the SPIFFE ID as DNS name', names: { dns: [spiffeId] } },
    { when: 'an empty DNS name', names: { dns: [''] } },
    { when: 'an empty URI', names: { uris: [''] } },
    { when: 'upper case', names: { dns: [dnsName.toUpperCase()] } },
    { when: 'an upper-case scheme', names: { uris: [spiffeId.replace('spiffe', 'SPIFFE')] } },
    { when: 'a trailing dot', names: { dns: [`${dnsName}.`] } },
    { when: 'a wildcard', names: { dns: [`*.${dnsName}`] } },
    { when: 'a NUL behind the name', names: { dns: [`${dnsName}\0`] } },
    { when: 'a NUL and another name', names: { dns: [`${dnsName}\0.evil.example`] } },
    { when: 'a line feed', names: { dns: [`${dnsName}\n`] } },
    { when: 'a list in one name', names: { dns: [`${dnsName}, DNS:evil.example`] } },
    { when: 'white space around', names: { commonName: ` ${dnsName}` } },
    { when: 'percent encoding', names: { uris: ['spiffe://acme.example/shop/%77eb'] } },
    { when: 'a trailing slash', names: { uris: [`${spiffeId}/`] } },
    { when: 'a query', names: { uris: [`${spiffeId}?`] } },
    { when: 'a look-alike in another script', names: { commonName: dnsName.replace('e', 'е') } },
    { when: 'an e-mail address', names: { dns: [dnsName], others: ['email'] } },
    { when: 'an address', names: { others: ['ip'] } },
    { when: 'a directory name', names: { others: ['dirName'] } },
    { when: 'a name of another form', names: { others: ['otherName'] } },
  ])('$when', ({ names }) => {
    expect(asksOnlyFor(asking(names), granted)).toMatchObject({
      ok: false,
      refusal: { code: 'csr.other-names' },
    })
  })

  it('anything, where nothing is granted', () => {
    expect(asksOnlyFor(asking({ dns: [dnsName] }), []).ok).toBe(false)
    expect(asksOnlyFor(asking({ commonName: dnsName }), []).ok).toBe(false)
    expect(asksOnlyFor(asking({}), []).ok).toBe(true)
  })

  it('and says what it was asked for beyond the grant, three names of it', () => {
    const asked = asking({
      commonName: 'cn.example',
      dns: [dnsName, 'a.example'],
      uris: ['spiffe://acme.example/other', spiffeId],
      others: ['email'],
    })
    expect(asksOnlyFor(asked, granted)).toMatchObject({
      refusal: {
        wanted: `${dnsName}, ${spiffeId}`,
        found: 'common name "cn.example", DNS "a.example", URI "spiffe://acme.example/other"',
      },
    })
    expect(asksOnlyFor(asking({ others: ['email', 'ip'] }), granted)).toMatchObject({
      refusal: { found: 'a name of kind email, a name of kind ip' },
    })
  })

  it.each<{ kind: string; names: (name: string) => Partial<RequestedNames> }>([
    { kind: 'common name', names: (name) => ({ commonName: name }) },
    { kind: 'DNS', names: (name) => ({ dns: [name] }) },
    { kind: 'URI', names: (name) => ({ uris: [name] }) },
  ])('with no more than 255 characters of a $kind in what it says', ({ kind, names }) => {
    const refused = asksOnlyFor(asking(names('x'.repeat(10_000))), granted)
    expect(refused.ok || refused.refusal.found).toBe(`${kind} "${'x'.repeat(255)}"`)
  })

  it('without a line break in what it says', () => {
    const refused = asksOnlyFor(asking({ dns: ['a\r\nlevel=info msg=forged'] }), granted)
    expect(JSON.stringify(refused)).not.toMatch(/[\r\n]/)
    expect(refused.ok || refused.refusal.found).not.toMatch(/[\r\n]/)
  })
})

it("asksOnlyFor checks every name once with that name (Let's Encrypt 2020-02-29)", () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd')
  const names = fc.array(name, { maxLength: 4 })
  fc.assert(
    fc.property(names, names, names, names, (dns, uris, grantedDns, grantedUris) => {
      const granted = [
        ...grantedDns.map((value) => ({ kind: 'dns' as const, value })),
        ...grantedUris.map((value) => ({ kind: 'uri' as const, value })),
      ]
      const isWithin =
        dns.every((value) => grantedDns.includes(value)) &&
        uris.every((value) => grantedUris.includes(value))
      expect(asksOnlyFor(asking({ dns, uris }), granted).ok).toBe(isWithin)
    }),
  )
})
