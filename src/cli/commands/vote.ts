import { type Decision, decisions } from '../../namespace/ballot.js'
import { payloadTypes } from '../../namespace/dsse.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'
import { shownProposal, signed, voteAbout } from '../voting/signed-statements.js'
import { sendBrake } from './brake.js'
import { sendInvocation } from './emergency.js'
import { jsonOf } from './json-file.js'
import { findProposal, idToSign } from './proposal.js'
import { renderProposal, renderSubmission } from './proposal-screen.js'
import { sendRecovery } from './recovery.js'
import { payloadTypeOf } from './signed-together.js'
import { keyOf, keyOptions } from './voter.js'

async function vote(call: Invocation): Promise<Outcome<Answer>> {
  const decision = decisionOf(call)
  if (!decision.ok) return decision
  const id = idToSign(call)
  if (!id.ok) return id
  const key = await keyOf(call)
  if (!key.ok) return key
  const found = await proposalOf(call)
  if (!found.ok) return found
  const about = shownProposal(found.value, id.value)
  if (!about.ok) return about
  if (decision.value === 'approve' && about.value.impact === undefined) return noImpact(call)
  const voter = call.text('as') ?? ''
  const cast = call.world.clock.now()
  const known = key.value.publicKey(cast)
  if (!known.ok) return known
  const as = { voter, key: known.value.thumbprint, decision: decision.value, cast }
  const statement = voteAbout(about.value, as)
  if (!statement.ok) return statement
  // Before anything is signed. Standard output is for the vote.
  call.world.stderr.write(`${renderProposalPlainly(call, found.value)}\n\n`)
  const envelope = await signed(key.value, payloadTypes.vote, statement.value)
  const detached = call.has('detached')
  if (detached) {
    // Carried to the server by whoever can reach it.
    return answer({ envelopes: [envelope] }, () =>
      JSON.stringify({ envelopes: [envelope] }, null, 2),
    )
  }
  return send(call, [envelope])
}

/** As on a screen without colours. */
function renderProposalPlainly(call: Invocation, proposal: JsonReader): string {
  const now = call.world.clock.now()
  return renderProposal({ width: undefined, now, paint: (_, text) => text }, proposal)
}

function decisionOf(call: Invocation): Outcome<Decision> {
  const said = decisions.filter((one) => call.has(one))
  const [only, ...more] = said
  return only !== undefined && more.length === 0
    ? { ok: true, value: only }
    : usage('say what you decide', { wanted: 'one of --approve, --reject and --abstain' })
}

/** A digest of what it would do is part of a yes: by a file or a server that leaves it out, nobody says one. */
const noImpact = (call: Invocation): Outcome<never> =>
  call.has('proposal')
    ? usage('the file does not say what the proposal would do', {
        wanted: 'its impact, whose digest is part of what is signed',
        next: SHOWN,
      })
    : refused({
        code: 'namespace.impact-differs',
        detail:
          'the server does not say what the proposal would do: it is over, or that was left out',
        wanted: 'its impact, whose digest is part of what is signed',
        next: `capstan proposal show ${call.word(0) ?? 'ID'}`,
      })

/** Makes a file to vote on. */
const SHOWN = 'capstan proposal show ID --json > FILE'

async function proposalOf(call: Invocation): Promise<Outcome<JsonReader>> {
  const file = call.text('proposal')
  const id = call.word(0) ?? ''
  if (file === undefined) {
    const api = await call.operator()
    return api.ok ? findProposal(api.value, id) : api
  }
  const text = await call.file(file)
  if (!text.ok) return text
  const read = jsonOf(text.value, file, SHOWN)
  if (!read.ok) return read
  return read.value.raw('id').startsWith(id)
    ? read
    : usage(`${file} holds another proposal`, { wanted: id, found: read.value.text('id') })
}

async function submit(call: Invocation): Promise<Outcome<Answer>> {
  const text = await call.file(call.word(0) ?? '-')
  if (!text.ok) return text
  const read = jsonOf(text.value, call.word(0) ?? '-')
  if (!read.ok) return read
  const { value } = read.value
  const envelopes = value['envelopes'] ?? [value]
  switch (payloadTypeOf(envelopes)) {
    case payloadTypes.brake:
      return sendBrake(call, envelopes)
    case payloadTypes.emergency:
      return sendInvocation(call, envelopes)
    case payloadTypes.recovery:
    case payloadTypes.cancellation:
      return sendRecovery(call, envelopes)
    case payloadTypes.proposal:
      return sendEach(call, Array.isArray(envelopes) ? (envelopes as unknown[]) : [])
    default:
      return send(call, envelopes)
  }
}

/** Several proposals, as `--detached` prints what one document comes to. */
async function sendEach(call: Invocation, envelopes: readonly unknown[]): Promise<Outcome<Answer>> {
  if (envelopes.length === 1) return send(call, envelopes)
  const api = await call.operator()
  if (!api.ok) return api
  const sent: JsonReader[] = []
  for (const envelope of envelopes) {
    const one = await api.value.send('/v1/statements', { envelopes: [envelope] })
    if (!one.ok) return one
    sent.push(one.value)
  }
  return answer(
    { submitted: sent.map(({ value }) => value) },
    (look) => sent.map((one) => renderSubmission(look, one)).join('\n'),
    exitCode.waits,
  )
}

async function send(call: Invocation, envelopes: unknown): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const sent = await api.value.send('/v1/statements', { envelopes })
  if (!sent.ok) return sent
  const standing = sent.value.object('proposal').text('standing')
  const waits = ['open', 'scheduled', 'due'].includes(standing)
  return answer(
    sent.value.value,
    (look) => renderSubmission(look, sent.value),
    waits ? exitCode.waits : undefined,
  )
}

export const voteCommands: readonly CommandSpec[] = [
  {
    path: 'vote',
    arguments: '<proposal>',
    summary: 'approve or reject a proposal',
    details: [
      'Shows the proposal and what it would do, reckons the digests of both from what is shown, signs them, and sends the vote. The server refuses an approval in view of another impact than it reckons then: look again, and vote again.',
      'The id is made of the digest: whoever has looked with `capstan proposal show`, and votes with the whole id, signs that proposal or none.',
      'Without a way to the server: --proposal with the output of `capstan proposal show ID --json`, and --detached; the vote goes to `capstan submit`.',
      'Ends with 8 while the proposal needs more votes.',
    ],
    options: [
      { flags: '--approve', description: 'vote for it' },
      { flags: '--reject', description: 'vote against it' },
      { flags: '--abstain', description: 'take back what you said' },
      { flags: '--as <voter>', description: 'your name in the group', need: 'required' },
      ...keyOptions,
      { flags: '--proposal <file>', description: 'the proposal, as shown with --json' },
      { flags: '--detached', description: 'print the signed vote instead of sending it' },
    ],
    examples: [
      'capstan vote pr4kx2 --approve --as ann --key ann.key',
      'capstan vote pr4kx2 --reject --as ann --key ann.key --proposal p.json --detached > vote.json',
    ],
    run: vote,
  },
  {
    path: 'submit',
    arguments: '[file]',
    summary: 'hand in a statement that somebody signed',
    details: [
      'A proposal, a vote, a withdrawal, a brake, the use of a grant or a recovery; or two votes of one voter that contradict each other, which suspends that voter.',
    ],
    examples: ['capstan submit vote.json', 'cat vote.json | capstan submit -'],
    run: submit,
  },
]
