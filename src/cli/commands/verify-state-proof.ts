import { refuse } from '../../core/result.js'
import { visible } from '../../core/visible.js'
import { uidOfValue } from '../../namespace/state-map.js'
import { toBase64 } from '../../tlog/note-text.js'
import type { Policy } from '../../tlog/policy.js'
import {
  parseRowName,
  parseStateProof,
  type ProvedRow,
  type RowName,
  verifyStateProof,
} from '../../tlog/state-proof-text.js'
import type { VerifierKey } from '../../tlog/verifier-key.js'
import { answer, type Answer } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import { witnessesOf } from './witnesses.js'

/** Verifies the text of a state proof, about the row that `--about` names. */
export function verifyState(
  call: Invocation,
  octets: Uint8Array,
  { key, policy }: { readonly key: VerifierKey; readonly policy: Policy },
): Outcome<Answer> {
  // What is asked must not come from the text that answers.
  const asked = parseRowName(call.text('about') ?? '')
  if (!asked) {
    return usage('a proof of the state answers a question: which one?', {
      wanted: '--about "alias shop/web", a table and a name',
    })
  }
  const proof = parseStateProof(octets)
  if (!proof.ok) return refused(proof.refusal)
  const proved = verifyStateProof(proof.value, asked, key, policy)
  return proved.ok ? report(asked, proved.value) : refused(proved.refusal)
}

function report({ table, name }: RowName, { checkpoint, value }: ProvedRow): Outcome<Answer> {
  const isName = table === 'alias' || table === 'name'
  const uid = value && isName ? uidOfValue(value) : undefined
  if (value && isName && uid === undefined) {
    const refusal = refuse('tlog.bad-proof', 'what stands under the name is no uid').refusal
    return refused(refusal)
  }
  const { origin, size } = checkpoint
  const witnesses = witnessesOf(checkpoint)
  const digest = value && !isName ? Buffer.from(value).toString('hex') : undefined
  const json = {
    origin,
    size,
    root: toBase64(checkpoint.root),
    table,
    name,
    present: value !== undefined,
    uid: uid ?? null,
    digest: digest ?? null,
    witnesses,
  }
  const found = value ? 'the state has it' : 'the state has no such row'
  return answer(json, (look) =>
    renderFields(look, [
      ['verified', `${look.paint('green', 'yes')}: ${found}`],
      ['log', visible(origin)],
      ['records', `${size}`],
      [table, visible(name)],
      ...(uid === undefined ? [] : [['uid', uid] as const]),
      ...(digest === undefined ? [] : [['digest', digest] as const]),
      ['witnesses', witnesses.map((one) => `${visible(one.name)} at ${one.at}`)],
    ]),
  )
}
