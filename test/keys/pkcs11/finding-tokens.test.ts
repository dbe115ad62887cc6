import { describe, expect, it } from '@jest/globals'
import { refuse } from '../../../src/core/result.js'
import { CKF } from '../../../src/keys/pkcs11/constants.js'
import { pkcs11Tokens } from '../../../src/keys/pkcs11/voter-tokens.js'
import type { TokenKeyName } from '../../../src/namespace/ports.js'
import { codeOf } from '../../contract/voter-tokens.contract.js'
import { countedRandom } from '../../support/random.js'
import { Answered } from '../../support/token-objects.js'
import { expectGivenBack, given, name, refusalOf } from '../given-token.js'

const key = { module: '/m.so', object: 'ann' }

describe('the token of a name', () => {
  it.each<[string, Partial<TokenKeyName>]>([
    ['label', { token: 'my token' }],
    ['serial number', { serial: '12 34' }],
    ['manufacturer', { manufacturer: 'Acme Ltd' }],
    ['model', { model: 'Type 7' }],
    ['all of them', { token: 'my token', serial: '12 34', manufacturer: 'Acme Ltd' }],
  ])('is found by its %s, without the blanks that fill it up', async (_, more) => {
    const { pkcs11, tokens, ask } = given()
    const maker = { manufacturerID: 'Acme Ltd', model: 'Type 7' }
    pkcs11.tokens[0] = { label: 'my token', serialNumber: '12 34', ...maker }
    pkcs11.tokens.push({ label: 'spare' })
    expect(codeOf(await tokens.open({ ...key, ...more }, ask))).toBe('ok')
  })

  it('is found where zeros fill up what it says', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.tokens[0] = { label: 'voter'.padEnd(32, '\0') }
    expect(codeOf(await tokens.open(name, ask))).toBe('ok')
  })

  it.each<[string, Partial<TokenKeyName>]>([
    ['label', { token: 'vote' }],
    ['label with blanks', { token: 'voter ' }],
    ['serial number', { token: 'voter', serial: '2' }],
    ['manufacturer', { token: 'voter', manufacturer: 'n' }],
    ['model', { token: 'voter', model: 'y' }],
  ])('is no other one: of another %s', async (_, more) => {
    const { pkcs11, tokens, ask, asked } = given()
    const refusal = refusalOf(await tokens.open({ ...key, ...more }, ask))
    expect(refusal).toMatchObject({ code: 'keys.not-found', found: 'token=voter serial=1' })
    expect([pkcs11.opened, asked()]).toEqual([[], 0])
    expectGivenBack(pkcs11)
  })

  it('is asked about once, for its PIN, by its label', async () => {
    const { tokens, pkcs11 } = given()
    const labels: string[] = []
    await tokens.open(name, (label) => {
      labels.push(label)
      return Promise.resolve(refuse('cli.usage', 'no terminal'))
    })
    expect(labels).toEqual(['voter'])
    expect(pkcs11.logins).toEqual([])
    expectGivenBack(pkcs11)
  })
})

describe('a name of several tokens', () => {
  it('is refused with what tells them apart, and no PIN is asked for', async () => {
    const { pkcs11, tokens, ask, asked } = given()
    pkcs11.tokens.push({ serialNumber: '2' })
    expect(refusalOf(await tokens.open(name, ask))).toMatchObject({
      code: 'keys.ambiguous',
      found: 'token=voter serial=1; token=voter serial=2',
    })
    expect([pkcs11.opened, asked()]).toEqual([[], 0])
    expectGivenBack(pkcs11)
  })

  it('is of one where the other was never set up', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.tokens.push({ flags: CKF.loginRequired })
    const opened = await tokens.open(name, ask)
    expect(codeOf(opened)).toBe('ok')
    if (opened.ok) opened.value.close()
  })
})

describe('a token that is not there', () => {
  it('is refused with those that are', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.tokens.push({ label: 'spare\u001b[2J', serialNumber: '2\u202e' })
    const away = await tokens.open({ ...name, token: 'away' }, ask)
    expect(refusalOf(away)).toMatchObject({
      code: 'keys.not-found',
      found: String.raw`token=voter serial=1; token=spare\u001b[2J serial=2\u202e`,
    })
  })

  it('is refused where there is none at all', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.pull()
    expect(refusalOf(await tokens.open(name, ask))).toMatchObject({
      code: 'keys.not-found',
      found: 'no token at all',
    })
    expectGivenBack(pkcs11)
  })
})

describe('a file that is no module', () => {
  it('is named, and what the loader says of it is not', async () => {
    const { tokens, ask } = given()
    const wrong = await tokens.open({ ...name, module: '/etc/passwd' }, ask)
    expect(refusalOf(wrong)).toMatchObject({
      code: 'keys.pkcs11-unavailable',
      found: '/etc/passwd: it cannot be loaded as one',
    })
  })

  it('is unloaded where it does not start, with its answer', async () => {
    const { pkcs11, tokens, ask } = given()
    pkcs11.failing.set('C_Initialize', new Answered('CKR_CANT_LOCK', 0x0a))
    expect(refusalOf(await tokens.open(name, ask))).toMatchObject({
      code: 'keys.pkcs11-unavailable',
      found: '/m.so: C_Initialize answers CKR_CANT_LOCK',
    })
    expect(pkcs11.called).toEqual(['load', 'C_Initialize', 'close'])
  })

  it('is not looked at where the package is missing: that is what is said', async () => {
    const none = refuse('keys.pkcs11-unavailable', 'the package is missing')
    const tokens = pkcs11Tokens(countedRandom(), () => none)
    expect(await tokens.open(name, given().ask)).toEqual(none)
    expect(await tokens.create(name, 'ES256', given().ask)).toEqual(none)
  })
})
