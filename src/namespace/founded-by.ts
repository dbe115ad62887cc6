import { isSignedBy, open } from './dsse.js'
import type { IndexStore, VoterSigner } from './ports.js'
import { readGenesis } from './statements.js'

/** Whose key signed the genesis: what others decide later does not make the index another's. */
export async function isFoundedBy({
  store,
  voter,
}: {
  readonly store: IndexStore
  readonly voter: VoterSigner
}): Promise<boolean> {
  const [first] = await store.read(0, 1)
  const statement = first?.envelopes[0] && open(first.envelopes[0])
  const genesis = statement && readGenesis(statement)
  const x = Buffer.from(voter.publicKey).toString('base64url')
  const own = genesis?.group.voters
    .flatMap(({ keys }) => keys)
    .filter(({ jwk }) => jwk.kty === 'OKP' && jwk.x === x)
  return (
    statement !== undefined &&
    own !== undefined &&
    statement.digest === store.state.meta.index &&
    isSignedBy(statement, own)
  )
}
