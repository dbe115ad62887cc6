import { type PayloadType, payloadTypes } from '../../namespace/dsse.js'
import type { Withdrawal } from '../../namespace/statements.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { OperatorApi } from '../operator-api.js'
import { type Outcome, refused, usage } from '../problem.js'
import { shownProposal, signed } from '../voting/signed-statements.js'
import { renderProposal, renderSubmission } from './proposal-screen.js'
import { decidedHere } from './proposing.js'
import { keyOf, keyOptions } from './voter.js'

/** The whole id. */
export const isProposalId = (text: string): boolean => /^pr[a-z2-7]{40}$/.test(text)

/**
 * The id of what is to be signed about. A few characters of it are found by whoever makes proposals and
 * looks for some that begin so: that is for a server that is trusted, on this machine.
 */
export function idToSign(call: Invocation): Outcome<string> {
  const id = call.word(0) ?? ''
  if (!call.has('server') || isProposalId(id)) return { ok: true, value: id }
  return usage('over the network a proposal is named by its whole id', {
    wanted: 'pr and 40 characters, as whoever proposed it said, or capstan inbox',
    found: JSON.stringify(id.slice(0, 60)),
    next: 'capstan inbox',
  })
}

/** A proposal by its id, or by the beginning of it where only one that waits begins so. */
export async function findProposal(api: OperatorApi, id: string): Promise<Outcome<JsonReader>> {
  if (isProposalId(id)) return api.read(`/v1/proposals/${id}`)
  const found = await waitingBeginning(id, () => api.read('/v1/proposals'))
  // Alone it says more than in the list: what it would do.
  return found.ok ? api.read(`/v1/proposals/${found.value.raw('id')}`) : found
}

/** The only one whose id begins so, of those that `list` says wait. */
export async function waitingBeginning(
  id: string,
  list: () => Promise<Outcome<JsonReader>>,
): Promise<Outcome<JsonReader>> {
  if (!/^pr[a-z2-7]*$/.test(id)) {
    return usage('this is not the id of a proposal', {
      wanted: 'pr and 40 characters, or the first of them',
      found: JSON.stringify(id.slice(0, 60)),
      next: 'capstan inbox',
    })
  }
  const listed = await list()
  if (!listed.ok) return listed
  const found = listed.value.objects('proposals').filter((one) => one.raw('id').startsWith(id))
  const [only, ...more] = found
  if (only && more.length === 0) return { ok: true, value: only }
  return refused({
    code: 'namespace.unknown',
    detail: only ? 'several proposals begin so' : 'nothing that waits begins so',
    found: only ? found.map((one) => one.text('id')).join('\n') : id,
    next: 'capstan inbox',
  })
}

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const found = await findProposal(api.value, call.word(0) ?? '')
  if (!found.ok) return found
  return answer(found.value.value, (look) => renderProposal(look, found.value))
}

async function withdraw(call: Invocation): Promise<Outcome<Answer>> {
  if (!call.has('key')) return withdrawHere(call)
  const id = idToSign(call)
  if (!id.ok) return id
  const key = await keyOf(call)
  if (!key.ok) return key
  const api = await call.operator()
  if (!api.ok) return api
  const found = await findProposal(api.value, id.value)
  if (!found.ok) return found
  const about = shownProposal(found.value, id.value)
  if (!about.ok) return about
  const { proposal, digest } = about.value
  const withdrawal: Withdrawal = {
    v: 1,
    index: proposal.index,
    proposal: digest,
    author: proposal.author,
    at: call.world.clock.now(),
  }
  const type: PayloadType = payloadTypes.withdrawal
  const sent = await api.value.send('/v1/statements', {
    envelopes: [await signed(key.value, type, withdrawal)],
  })
  if (!sent.ok) return sent
  return answer(sent.value.value, (look) => renderSubmission(look, sent.value))
}

/** By this installation's own key, which no file has. */
async function withdrawHere(call: Invocation): Promise<Outcome<Answer>> {
  if (call.has('passphraseFile')) {
    return usage('--passphrase-file opens a key', { wanted: '--key FILE beside it' })
  }
  const here = decidedHere(call)
  if (!here.ok) return here
  const api = await call.operator()
  if (!api.ok) return api
  const asked = call.word(0) ?? ''
  const found = await findProposal(api.value, asked)
  if (!found.ok) return found
  const sent = await api.value.send(`/v1/proposals/${found.value.raw('id')}/withdrawal`)
  if (!sent.ok) return sent
  return answer(sent.value.value, (look) => renderSubmission(look, sent.value))
}

export const proposalCommands: readonly CommandSpec[] = [
  {
    path: 'proposal show',
    arguments: '<id>',
    summary: 'one proposal: what it asks, who voted, what it still needs',
    details: ['The id may be cut short as long as only one that waits begins so.'],
    examples: ['capstan proposal show pr4kx2'],
    run: show,
  },
  {
    path: 'proposal withdraw',
    arguments: '<id>',
    summary: 'take your own proposal back, or one that the installation made',
    details: [
      'With --key what its author proposed under their name; without it what the installation proposed, on its machine.',
    ],
    options: keyOptions.map(({ flags, description }) => ({ flags, description })),
    examples: [
      'capstan proposal withdraw pr4kx2 --key ann.key',
      'capstan proposal withdraw pr4kx2',
    ],
    run: withdraw,
  },
]
