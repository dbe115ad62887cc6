import { voterTokensContract } from '../contract/voter-tokens.contract.js'
import { MemoryTokens } from '../support/memory-tokens.js'

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
