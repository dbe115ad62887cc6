import { createRequire } from 'node:module'
import { describe, expect, it } from '@jest/globals'
import { answerName, answerOf, newPkcs11 } from '../../../src/keys/pkcs11/binding.js'
import { codeOf } from '../../contract/voter-tokens.contract.js'
import { ScriptedPkcs11 } from '../../support/scripted-pkcs11.js'
import { Answered } from '../../support/token-objects.js'

/** It is compiled where it is installed: not on every machine. */
function isInstalled(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js')
    return true
  } catch {
    return false
  }
}

describe('the package that loads modules', () => {
  it('is used where it is installed, and a machine without it says so', () => {
    expect(codeOf(newPkcs11())).toBe(isInstalled() ? 'ok' : 'keys.pkcs11-unavailable')
    const found = newPkcs11(() => ({ PKCS11: ScriptedPkcs11 }))
    expect(found.ok && found.value).toBeInstanceOf(ScriptedPkcs11)
  })

  it.each([
    [
      'is not there',
      () => {
        throw new Error("Cannot find module 'pkcs11js'")
      },
    ],
    [
      'does not start',
      () => ({
        PKCS11: class extends ScriptedPkcs11 {
          constructor() {
            super()
            throw new Error('compiled for another version of Node')
          }
        },
      }),
    ],
  ] as const)('is unavailable where it %s', (_, find) => {
    expect(codeOf(newPkcs11(find))).toBe('keys.pkcs11-unavailable')
  })
})

describe('what a module answered', () => {
  it('is a number and its name', () => {
    const error = new Answered('CKR_PIN_INCORRECT', 0xa0)
    expect([answerOf(error), answerName(error)]).toEqual([0xa0, 'CKR_PIN_INCORRECT'])
  })

  it.each([
    ['an answer without a name', Object.assign(new Error('what is it?'), { code: 0x80000001 })],
    ['an answer that is no error', { code: 0x80000001 }],
  ])('is shown as the number, of %s', (_, thrown) => {
    expect([answerOf(thrown), answerName(thrown)]).toEqual([0x80000001, '0x80000001'])
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'CKR_OK'],
    ['a number', 5],
    ['an error of the system', Object.assign(new Error('no such file'), { code: 'ENOENT' })],
    ['a text with a name in it', new Error('the PIN 1234 is CKR_PIN_INCORRECT')],
  ])('is none where it throws %s, whose text is not shown', (_, thrown) => {
    expect([answerOf(thrown), answerName(thrown)]).toEqual([0, '0x0'])
  })
})
