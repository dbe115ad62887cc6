import type { RandomBytes } from '../core/time.js'
import type { VoterTokens } from '../namespace/ports.js'

/** Tokens by PKCS#11, which is loaded when one is asked for. */
export function voterTokens(random: RandomBytes): VoterTokens {
  const tokens = async (): Promise<VoterTokens> =>
    (await import('../keys/pkcs11/voter-tokens.js')).pkcs11Tokens(random)
  return {
    open: async (name, pin) => (await tokens()).open(name, pin),
    create: async (name, alg, pin) => (await tokens()).create(name, alg, pin),
  }
}
