import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseTokenUri } from '../../src/cli/voting/token-uri.js'

const module = '?module-path=/usr/lib/m.so'
const found = (text: string): string | undefined => {
  const parsed = parseTokenUri(text)
  return parsed.ok ? 'ok' : `${parsed.refusal.detail}: ${parsed.refusal.found ?? ''}`
}

describe('a PKCS#11 URI', () => {
  it('names a token, a key, its module and the file of its PIN', () => {
    const text =
      'pkcs11:token=The%20Token;serial=1f;manufacturer=A;model=B;object=ann;id=%01%ff;type=private' +
      '?module-path=/usr/lib/m.so&pin-source=file:/run/pin'
    const parsed = parseTokenUri(text)
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        name: { token: 'The Token', serial: '1f', manufacturer: 'A', model: 'B', object: 'ann' },
        module: '/usr/lib/m.so',
        pinFile: '/run/pin',
      },
    })
    expect(parsed.ok && Buffer.from(parsed.value.name.id ?? []).toString('hex')).toBe('01ff')
  })

  it.each([
    ['pkcs11:object=ann', 'ok'],
    ['PKCS11:object=ann', 'ok'],
    ['pkcs11:id=%00', 'ok'],
    ['pkcs11:object=a?pin-source=/run/pin', 'ok'],
    ['pkcs11:object=a?pin-source=file:///run/pin', 'ok'],
    ['pkcs11:', 'no name of a key'],
    ['pkcs11:token=a', 'no name of a key'],
    ['pkcs11:object=', 'no text in object'],
    ['pkcs11:id=', 'no octets in id'],
    ['pkcs11:object=a;object=b', 'the attribute object twice'],
    ['pkcs11:object=a;slot-id=3', 'the attribute slot-id'],
    ['pkcs11:object=a;x-vendor=3', 'the attribute x-vendor'],
    ['pkcs11:object=a;type=public', 'another type'],
    ['pkcs11:object=a;', 'a pair without a name'],
    ['pkcs11:object=a b', 'not escaped'],
    ['pkcs11:object=%4', 'not escaped'],
    ['pkcs11:object=a/b', 'not escaped'],
    ['pkcs11:object=%ff', 'no text in object'],
    ['pkcs11:object=%00', 'no text in object'],
    ['pkcs11:object=a?module-path=m.so', 'no absolute path'],
    ['pkcs11:object=a?module-path=', 'no absolute path'],
    ['pkcs11:object=a?module-name=m', 'the attribute module-name'],
    ['pkcs11:object=a?pin-source=pin', 'no absolute path'],
    ['pkcs11:object=a?pin-source=|/bin/cat', 'no absolute path'],
    ['pkcs11:object=a?pin-source=http://x/pin', 'no absolute path'],
    ['pkcs11:object=a?pin-source=file://host/pin', 'no absolute path'],
    ['pkcs11:object=a?pin-source=//host/pin', 'no absolute path'],
    ['pkcs12:object=a', 'another scheme'],
  ])('%s: %s', (text, wanted) => {
    expect(found(text)).toContain(wanted)
  })

  it.each([
    `pkcs11:object=ann${module}&pin-value=1234`,
    'pkcs11:nonsense;;?pin-value=1234',
    'pkcs11:object=ann?pin-value=1234&pin-source=file:/run/pin',
    'pkcs11:object=ann;PIN-VALUE=12 1234',
  ])('does not hold a PIN, and does not say it again (attack 154): %s', (text) => {
    const parsed = parseTokenUri(text)
    expect(found(text)).toContain('a PIN does not stand in a command')
    expect(JSON.stringify(parsed)).not.toContain('1234')
  })

  it('has each octet of a label and an id back, whatever it is', () => {
    const escaped = (octets: Buffer): string =>
      [...octets].map((one) => `%${one.toString(16).padStart(2, '0')}`).join('')
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => !one.includes('\0'))
    fc.assert(
      fc.property(text, fc.uint8Array({ minLength: 1 }), (object, id) => {
        const uri = `pkcs11:object=${escaped(Buffer.from(object))};id=${escaped(Buffer.from(id))}`
        const parsed = parseTokenUri(uri)
        expect(parsed.ok && parsed.value.name.object).toBe(object)
        expect(parsed.ok && Buffer.from(parsed.value.name.id ?? [])).toEqual(Buffer.from(id))
      }),
    )
  })

  it('is read or refused, whatever it is', () => {
    fc.assert(fc.property(fc.string(), (rest) => void parseTokenUri(`pkcs11:${rest}`)))
  })
})
