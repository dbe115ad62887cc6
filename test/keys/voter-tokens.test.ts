import { voterTokensContract } from '../contract/voter-tokens.contract.js'
import { CKM } from '../../src/keys/pkcs11/constants.js'
import { pkcs11Tokens } from '../../src/keys/pkcs11/voter-tokens.js'
import { ok } from '../../src/core/result.js'
import { MemoryTokens } from '../support/memory-tokens.js'
import { countedRandom } from '../support/random.js'
import { ScriptedPkcs11 } from '../support/scripted-pkcs11.js'
import { madeOf } from '../support/token-objects.js'

voterTokensContract(
  'in memory',
  () => {
    const tokens = new MemoryTokens(['voter', 'spare'])
    return {
      tokens,
      ...{ module: tokens.module, token: 'voter', pin: tokens.pin },
      put: (kind, label, id) => tokens.put('voter', kind, label, id),
      pull: () => tokens.pull(),
      end: () => undefined,
    }
  },
  ['ES256', 'Ed25519'],
)

voterTokensContract(
  'a PKCS#11 module that keeps to the standard',
  () => {
    const pkcs11 = new ScriptedPkcs11()
    pkcs11.objects.length = 0
    pkcs11.tokens.push({ label: 'spare', serialNumber: '2' })
    pkcs11.mechanisms = Object.values(CKM)
    return {
      tokens: pkcs11Tokens(countedRandom(), () => ok(pkcs11)),
      ...{ module: '/m.so', token: 'voter', pin: pkcs11.pin },
      put: (kind, label, id) =>
        pkcs11.put(madeOf(kind === 'p256' ? 'P-256' : 'RSA'), label, [Number(id)]),
      pull: () => pkcs11.pull(),
      end: () => undefined,
    }
  },
  ['ES256', 'Ed25519'],
)
