import { expect } from '@jest/globals'
import type { Refusal } from '../../src/core/refusal.js'
import { ok, type Result } from '../../src/core/result.js'
import { pkcs11Tokens } from '../../src/keys/pkcs11/voter-tokens.js'
import type { AskPin, TokenKey, TokenKeyName, VoterTokens } from '../../src/namespace/ports.js'
import { countedRandom } from '../support/random.js'
import { ScriptedPkcs11 } from '../support/scripted-pkcs11.js'

export const name: TokenKeyName = { module: '/m.so', token: 'voter', object: 'ann' }
export const octets = Buffer.from('what a voter says')

export interface GivenToken {
  readonly pkcs11: ScriptedPkcs11
  readonly tokens: VoterTokens
  readonly ask: AskPin
  /** Opens the key of `name`. */
  readonly opened: () => Promise<TokenKey>
  /** How often the PIN was asked for. */
  readonly asked: () => number
}

/** A token with a key, whose voter says this PIN. */
export function given(pin = '1234'): GivenToken {
  const pkcs11 = new ScriptedPkcs11()
  let asked = 0
  const ask: AskPin = () => {
    asked += 1
    return Promise.resolve(ok(pin))
  }
  const tokens = pkcs11Tokens(countedRandom(), () => ok(pkcs11))
  const opened = async (): Promise<TokenKey> => {
    const key = await tokens.open(name, ask)
    if (!key.ok) throw new Error(key.refusal.code)
    return key.value
  }
  return { pkcs11, tokens, ask, opened, asked: () => asked }
}

/** The module is given back, once. */
export function expectGivenBack({ called }: ScriptedPkcs11): void {
  for (const call of ['C_Finalize', 'close']) {
    expect(called.filter((one) => one === call)).toEqual([call])
  }
}

/** Why something was refused. */
export function refusalOf(result: Result<unknown>): Refusal {
  if (result.ok) throw new Error('it is not refused')
  return result.refusal
}
