import { ok, refuse, type Result } from '../core/result.js'
import { toIso, type UnixSeconds } from '../core/time.js'
import type { DraftLog } from './draft-log.js'
import { payloadTypes, seal } from './dsse.js'
import { authorOf } from './fold-deliberation.js'
import type { VoterSigner } from './ports.js'
import type { IndexState } from './state.js'
import type { Withdrawal } from './statements.js'
import { type Intake, submit, type Submitted } from './submit.js'
import { isInUse } from './voter-key.js'

/** Takes back what this installation proposed. */
export async function withdraw(
  deps: { readonly voter: VoterSigner },
  draft: DraftLog,
  id: string,
  context: Intake,
): Promise<Result<Submitted>> {
  const signed = await signWithdrawal(deps, draft.state, { id, at: context.at })
  return signed.ok ? submit(draft, [signed.value], context) : signed
}

/** The statement, signed by this installation's own key. */
async function signWithdrawal(
  { voter }: { readonly voter: VoterSigner },
  state: IndexState,
  { id, at }: { readonly id: string; readonly at: UnixSeconds },
): Promise<Result<Uint8Array>> {
  const row = state.tables.proposals.get(id)
  if (!row) {
    return refuse('namespace.unknown', 'there is no such proposal', {
      found: JSON.stringify(id.slice(0, 60)),
      next: 'capstan inbox',
    })
  }
  if (row.kind === 'closed') {
    return refuse('namespace.closed', `the proposal is ${row.ending}`, {
      wanted: 'a proposal that waits',
      found: `${id}, since ${toIso(row.at)}`,
    })
  }
  const { author } = row.proposal
  const x = Buffer.from(voter.publicKey).toString('base64url')
  const isOurs = authorOf(state, row.proposal, at)?.keys.some(
    (key) => key.jwk.kty === 'OKP' && key.jwk.x === x && isInUse(key, at),
  )
  if (isOurs !== true) {
    return refuse('namespace.no-vote', 'this installation did not propose it', {
      wanted: 'a proposal that is signed by its key',
      found: `${id}, by ${author.id} (${author.kind})`,
      next: `its author takes it back: capstan proposal withdraw ${id} --key FILE`,
    })
  }
  const withdrawal: Withdrawal = { v: 1, index: state.index, proposal: row.digest, author, at }
  return ok((await seal(payloadTypes.withdrawal, withdrawal, voter)).envelope)
}
