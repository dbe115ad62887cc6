import { describe, expect, it } from '@jest/globals'
import {
  parseBrakeRequest,
  parseChangeRequest,
  parseDocument,
} from '../../../src/namespace/change-request.js'
import { aliasPattern } from '../../../src/core/alias.js'
import { bindings, edited, requests } from './given-shapes.js'

const refusalOf = (value: unknown, parse: (value: unknown) => unknown = parseChangeRequest) =>
  (parse(value) as { readonly refusal?: unknown }).refusal
const asked = (op: string, more: object) => refusalOf({ op, alias: 'pay/api', ...more })

describe('a malformed request is told', () => {
  it('what it has too much or too little, and that it is the whole of it', () => {
    expect(asked('entry.retire', { more: 1 })).toMatchObject({
      ...{ code: 'namespace.malformed', detail: 'the change entry.retire is not well formed' },
      ...{ wanted: 'the top: must NOT have additional properties', found: '"more"' },
    })
    expect(asked('entry.create', {})).toMatchObject({ found: '"owner"' })
    expect(refusalOf({}, parseDocument)).toMatchObject({
      ...{ detail: 'the document is not well formed', found: '"apiVersion"' },
    })
    expect(refusalOf({}, parseBrakeRequest)).toMatchObject({
      ...{ detail: 'the brake is not well formed', found: '"alias"' },
    })
  })

  it('where in it, and all that is known of the limit', () => {
    const [entry] = requests['entry.create'] ?? [{}]
    expect(asked('entry.create', edited(entry, 'envelope.maxTtl', -1))).toMatchObject({
      ...{ wanted: '/envelope/maxTtl: must be >= 0', found: '[">=",0]' },
    })
    expect(asked('entry.create', edited(entry, 'owner.contact', ''))).toMatchObject({
      ...{ wanted: expect.stringContaining('/owner/contact: '), found: '1' },
    })
  })

  it('of the deepest fault, where one of several is wanted', () => {
    const match = { rack: ['ok', ''] }
    expect(asked('binding.add', { binding: { ...bindings.vm, match } })).toMatchObject({
      wanted: expect.stringContaining('/binding/match/rack/1: '),
    })
  })

  it('no more than 200 characters of what it said itself', () => {
    const name = 'x'.repeat(300)
    expect(asked('entry.retire', { [name]: 1 })).toMatchObject({ found: `"${'x'.repeat(199)}` })
    const op = refusalOf({ op: name, alias: 'a' })
    expect(op).toMatchObject({ detail: 'no such change', found: `"${'x'.repeat(99)}` })
    expect(refusalOf({ alias: 'a' })).toMatchObject({ found: 'null' })
    expect(refusalOf({ op: ['entry.retire'], alias: 'a' })).toMatchObject({
      ...{ detail: 'no such change', found: '["entry.retire"]' },
    })
  })

  it('what is wrong with a name in the words of names', () => {
    const rename = (to: unknown) => refusalOf({ op: 'entry.rename', alias: 'a', to })
    expect(rename('Pay')).toMatchObject({ code: 'namespace.bad-alias', found: '"Pay"' })
    expect(rename('a/svc')).toMatchObject({ code: 'namespace.reserved-name' })
    expect(rename('a/b/c/d/e/f/g/h/i')).toMatchObject({ code: 'namespace.too-deep' })
    expect(rename(7)).toMatchObject({ code: 'namespace.malformed', wanted: '/to: must be string' })
    // Another text that does not fit is no name, though it were the pattern itself.
    expect(asked('binding.remove', { binding: '\u0000' })).toMatchObject({
      ...{ code: 'namespace.malformed', found: expect.not.stringContaining(aliasPattern()) },
    })
  })
})
