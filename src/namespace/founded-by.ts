import { formatVerifierKey, type VerifierKey } from '../tlog/verifier-key.js'
import { isSignedBy, open } from './dsse.js'
import { namedLogKey } from './genesis.js'
import type { IndexStore, VoterSigner } from './ports.js'
import { readGenesis } from './statements.js'

/**
 * Whose key signed the genesis: what others decide later does not make the index another's. Nor does
 * another key sign its log than the genesis names, where it names one: nobody would believe it.
 */
export async function isFoundedBy({
  store,
  voter,
  log,
}: {
  readonly store: IndexStore
  readonly voter: VoterSigner
  readonly log?: VerifierKey
}): Promise<boolean> {
  const [first] = await store.read(0, 1)
  const statement = first?.envelopes[0] && open(first.envelopes[0])
  const genesis = statement && readGenesis(statement)
  const x = Buffer.from(voter.publicKey).toString('base64url')
  const own = genesis?.group.voters
    .flatMap(({ keys }) => keys)
    .filter(({ jwk }) => jwk.kty === 'OKP' && jwk.x === x)
  const named = genesis && namedLogKey(genesis)
  if (log && named && formatVerifierKey(named) !== formatVerifierKey(log)) return false
  return (
    statement !== undefined &&
    own !== undefined &&
    statement.digest === store.state.meta.index &&
    isSignedBy(statement, own)
  )
}
