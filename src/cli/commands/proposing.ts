import type { AskedChanges } from '../../namespace/drafting/draft-proposals.js'
import { payloadTypes } from '../../namespace/dsse.js'
import type { Part } from '../../namespace/operation.js'
import { operationOf } from '../../namespace/statements.js'
import { answer, type Answer, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'
import { type Envelope, signed } from '../voting/signed-statements.js'
import { type CheckedDraft, checkedDrafts } from '../voting/unsigned-proposals.js'
import { jsonOf } from './json-file.js'
import { renderProposalToSign } from './proposal-screen.js'
import { detached, showToSigner } from './signed-together.js'
import { keyOf, keyOptions } from './voter.js'

/** Options of every command that proposes something: whose proposal it is. */
export const asOptions: readonly OptionSpec[] = [
  {
    flags: '--as <voter>',
    description: 'propose it yourself, under your name in the group (default: the installation)',
  },
  ...keyOptions.map(({ flags, description }) => ({ flags, description })),
  { flags: '--detached', description: 'print the signed proposal instead of sending it' },
  { flags: '--unsigned', description: 'print what --as would sign, for --draft elsewhere' },
  { flags: '--draft <file>', description: 'sign what --unsigned printed, without a server' },
]

const ofAuthors = ['key', 'passphraseFile', 'detached', 'unsigned', 'draft'] as const
const flagOf: Readonly<Partial<Record<(typeof ofAuthors)[number], string>>> = {
  passphraseFile: 'passphrase-file',
}

/** Whoever asks for a signature of their own asks that nothing be sent without it. */
export function withoutAuthor(call: Invocation): Outcome<undefined> {
  const unused = ofAuthors.find((option) => call.has(option))
  return unused === undefined
    ? decidedHere(call)
    : usage(`--${flagOf[unused] ?? unused} is for somebody who proposes it themselves`, {
        wanted: '--as VOTER beside it',
      })
}

/** What this installation decides, it decides where it is: over the network it takes signatures. */
export const decidedHere = (call: Invocation): Outcome<undefined> =>
  call.has('server')
    ? usage('over the network nothing is decided that no voter has signed', {
        wanted: '--as VOTER --key FILE beside --server',
        next: 'or run it without --server, on the machine of the server',
      })
    : { ok: true, value: undefined }

/** What came of it: an answer that ends the command, or proposals as the server has them. */
export type Proposed =
  | { readonly kind: 'printed'; readonly answer: Outcome<Answer> }
  | { readonly kind: 'sent'; readonly proposals: readonly JsonReader[] }

/** Proposes as whom `--as` names. Nothing is signed but what was asked for, and it is shown before. */
export async function proposeAs(call: Invocation, asked: AskedChanges): Promise<Outcome<Proposed>> {
  const shown = await draftsShown(call, asked)
  if (!shown.ok) return shown
  if (call.has('unsigned')) {
    const json = shown.value.value
    return printed(answer(json, () => JSON.stringify(json, null, 2)))
  }
  if (!call.has('key')) return usage('a voter signs with their key', { wanted: '--key FILE' })
  const key = await keyOf(call)
  if (!key.ok) return key
  const now = call.world.clock.now()
  const known = key.value.publicKey(now)
  if (!known.ok) return known
  const by = { asked, as: call.text('as') ?? '', key: known.value.thumbprint, now }
  const drafts = checkedDrafts(shown.value, by)
  if (!drafts.ok) return drafts
  const fresh = drafts.value.filter(({ waits }) => waits === undefined)
  const removed = call.has('yes') || call.has('draft') ? [] : removedBy(asked, fresh)
  if (removed.length > 0) {
    return refused({
      code: 'cli.needs-yes',
      detail: 'the document takes things away for ever',
      found: removed.join('\n'),
      next: 'look at it with --unsigned, then repeat with --yes',
    })
  }
  for (const draft of fresh) showToSigner(call, (look) => renderProposalToSign(look, draft))
  const envelopes: Envelope[] = []
  for (const { proposal } of fresh) {
    envelopes.push(await signed(key.value, payloadTypes.proposal, proposal))
  }
  return call.has('detached') ? printed(detached(envelopes)) : send(call, drafts.value, envelopes)
}

/** What a document takes away; whoever names one change has said what it is. */
function removedBy(asked: AskedChanges, drafts: readonly CheckedDraft[]): readonly string[] {
  if (!('document' in asked)) return []
  return drafts
    .map(({ proposal }) => operationOf(proposal))
    .flatMap((one): readonly Pick<Part, 'op' | 'subject'>[] =>
      one.op === 'changes' ? one.body.changes : [one],
    )
    .filter(({ op }) => /\.(?:retire|remove|detach|clear)$/.test(op))
    .map(({ op, subject }) => `${op} ${subject.alias}`)
}

const printed = (ended: Outcome<Answer>): Outcome<Proposed> => ({
  ok: true,
  value: { kind: 'printed', answer: ended },
})

/** Out of a file that somebody brought, or from the server. */
async function draftsShown(call: Invocation, asked: AskedChanges): Promise<Outcome<JsonReader>> {
  const file = call.text('draft')
  if (file !== undefined) {
    if (!call.has('detached')) {
      return usage('--draft signs where there is no server', { wanted: '--detached beside it' })
    }
    const text = await call.file(file)
    return text.ok ? jsonOf(text.value, file) : text
  }
  const api = await call.operator()
  if (!api.ok) return api
  const { document, why } = { document: undefined, why: {}, ...asked }
  const wanted = 'change' in asked ? { change: asked.change } : { document, ...why }
  return api.value.send('/v1/proposals/drafts', { as: call.text('as') ?? '', ...wanted })
}

async function send(
  call: Invocation,
  drafts: readonly CheckedDraft[],
  envelopes: readonly Envelope[],
): Promise<Outcome<Proposed>> {
  const api = await call.operator()
  if (!api.ok) return api
  const proposals: JsonReader[] = []
  for (const { waits } of drafts) {
    if (waits === undefined) continue
    const found = await api.value.read(`/v1/proposals/${encodeURIComponent(waits)}`)
    if (!found.ok) return found
    proposals.push(found.value)
  }
  for (const envelope of envelopes) {
    const sent = await api.value.send('/v1/statements', { envelopes: [envelope] })
    if (!sent.ok) return sent
    proposals.push(sent.value.object('proposal'))
  }
  return { ok: true, value: { kind: 'sent', proposals } }
}
