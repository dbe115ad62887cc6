import { toIso } from '../../core/time.js'
import { uidsIn } from '../../core/uid.js'
import { JsonReader } from '../json-reader.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Colour, Look } from '../screen/look.js'
import { jsonWithNames, namesSaidBy, type SaidName } from '../screen/said-names.js'
import { cell, renderTable, timeCell } from '../screen/table.js'
import { parseInstant, renderRelative, renderTime } from '../screen/times.js'
import type { CheckedDraft } from '../voting/unsigned-proposals.js'
import { renderImpact } from './impact-screen.js'

const COLOURS: Readonly<Record<string, Colour>> = {
  open: 'yellow',
  scheduled: 'cyan',
  due: 'cyan',
  committed: 'green',
}

const paintStanding = (look: Look, standing: string): string =>
  look.paint(COLOURS[standing] ?? 'red', standing)

const shown = (alias: string): string => (alias === '' ? '/' : alias)

/** `entry.create payments/api` */
function what(answer: JsonReader): string {
  const proposal = answer.optionalObject('proposal')
  return proposal
    ? `${proposal.text('op')} ${shown(proposal.object('subject').text('alias'))}`
    : '(in the log)'
}

/** `waits entry.create payments/api (sensitive): 0 of 151, and 0 of 2 people` and how to vote. */
export function renderWaiting(look: Look, answer: JsonReader): string {
  const open = answer.optionalObject('open')
  const id = answer.text('id')
  const head = `${paintStanding(look, answer.text('standing'))} ${what(answer)}`
  if (!open) return `${head} ${id}`
  const lines = [
    `${head} (${open.text('class')}), ${id}`,
    ...sides(open).map(([name, count]) => `  ${name}: ${progress(count)}`),
  ]
  const due = open.optional('due')
  if (due !== undefined) lines.push(`  takes effect ${renderTime(due, look.now)}`)
  const awaits = open.texts('awaits')
  if (awaits.length > 0 && answer.text('standing') === 'open') {
    lines.push(`  not voted yet: ${awaits.join(', ')}`)
    lines.push(`  next: capstan vote ${id} --approve --as VOTER --key FILE`)
  }
  return lines.join('\n')
}

const sides = (open: JsonReader): readonly (readonly [string, JsonReader])[] => {
  const both = open.optionalObject('sides')
  const second = both?.optionalObject('second')
  const of = shown(open.text('scope'))
  return [
    ...(both ? [[`voters of ${of}`, both.object('present')] as const] : []),
    ...(second ? [['the other group', second] as const] : []),
  ]
}

/** `151 of 151 for it, 2 of 2 people, 0 against: passed` */
function progress(count: JsonReader): string {
  const needs = count.object('needs')
  return [
    `${count.count('yes')} of ${needs.count('threshold')} for it`,
    `${count.count('controllers')} of ${needs.count('controllers')} people`,
    `${count.count('no')} against: ${count.text('outcome')}`,
  ].join(', ')
}

/** What waits; of a voter, with their weight. */
export function renderProposals(
  look: Look,
  proposals: readonly JsonReader[],
  voter?: string,
): string {
  if (proposals.length === 0) return 'nothing waits'
  return renderTable(
    look,
    [
      { title: 'PROPOSAL', shrinks: 'when-narrow' },
      { title: 'CHANGE', shrinks: 'when-narrow' },
      { title: 'CLASS' },
      { title: 'FOR' },
      { title: 'MISSING' },
      ...(voter === undefined ? [] : [{ title: 'YOURS' }]),
      { title: 'STANDING' },
      { title: 'UNTIL' },
    ],
    proposals.map((answer) => {
      const open = answer.optionalObject('open')
      const present = open?.optionalObject('sides')?.object('present')
      return [
        cell(answer.text('id')),
        cell(what(answer)),
        cell(open?.text('class') ?? '-'),
        cell(
          present ? `${present.count('yes')}/${present.object('needs').count('threshold')}` : '-',
        ),
        cell(missingText(open)),
        ...(voter === undefined ? [] : [cell(weightsOf(open, voter))]),
        cell(answer.text('standing'), () => paintStanding(look, answer.text('standing'))),
        timeCell(deadlineOf(answer), look),
      ]
    }),
  )
}

/** Then it takes effect, or expires: nothing can be said about it any more. */
export const deadlineOf = (answer: JsonReader): string | undefined =>
  answer.optionalObject('open')?.optional('due') ?? expiry(answer)

/** `51, 1 person`, on either side; `-` of a server of an earlier version. */
function missingText(open: JsonReader | undefined): string {
  const missing = open?.optionalObject('missing')
  if (!missing) return '-'
  const own = missingOf(missing.object('present'))
  const second = missing.optionalObject('second')
  return second ? `${own}; the other group ${missingOf(second)}` : own
}

function missingOf(side: JsonReader): string {
  const [weight, people] = [side.count('weight'), side.count('people')]
  const parts = [
    ...(weight === 0 ? [] : [String(weight)]),
    ...(people === 0 ? [] : [people === 1 ? '1 person' : `${people} people`]),
    ...(side.flag('other') ? ['somebody else'] : []),
  ]
  return parts.join(', ') || 'nothing'
}

/** In each group that decides. */
function weightsOf(open: JsonReader | undefined, voter: string): string {
  const seats = open && !open.absent('voters') ? open.objects('voters') : []
  const own = seats.filter((seat) => seat.raw('id') === voter)
  return own.map((seat) => String(seat.count('weight'))).join(' and ') || '-'
}

const expiry = (answer: JsonReader): string | undefined => {
  const expires = answer.optionalObject('proposal')?.instant('expires')
  return expires === undefined ? undefined : toIso(expires)
}

/** All of one proposal, on one screen: what is asked, by whom, and how it stands. */
export function renderProposal(look: Look, answer: JsonReader): string {
  const open = answer.optionalObject('open')
  const closed = answer.optionalObject('closed')
  const proposal = answer.optionalObject('proposal')
  const author = proposal?.object('author')
  const fields: readonly Field[] = [
    ['proposal', answer.text('id')],
    ['change', what(answer)],
    ['standing', paintStanding(look, answer.text('standing'))],
    ['class', open?.text('class')],
    ['decided by', open ? shown(open.text('scope')) : undefined],
    ['author', author && `${author.text('id')} (${author.text('kind')})`],
    ['reason', proposal?.optional('reason')],
    ['ticket', proposal?.optional('ticket')],
    ['opened', open && renderTime(open.text('opened'), look.now)],
    ['takes effect', timeOf(open?.optional('due'), look)],
    ['expires', timeOf(open && expiry(answer), look)],
    ['ended', closed && renderTime(closed.text('at'), look.now)],
    ['votes', open?.objects('votes').map((vote) => renderVote(look, vote))],
    ['count', open && sides(open).map(([name, count]) => `${name}: ${progress(count)}`)],
    ['not voted yet', open?.texts('awaits').join(', ')],
  ]
  const nameOf = namesSaidBy(answer)
  const asked = proposal ? `\n\n${renderBody(look, proposal.object('body'), nameOf)}` : ''
  const impact = answer.optionalObject('impact')
  const does = impact
    ? `\n\n${look.paint('bold', 'what it does')}\n${renderImpact(look, impact, answer.text('impactDigest'), nameOf)}`
    : ''
  return `${renderFields(look, fields)}${asked}${does}`
}

/** As it is signed, and behind it what its uids are called: that is nobody's word but the sender's. */
function renderBody(look: Look, { value }: JsonReader, nameOf: SaidName): string {
  const title = look.paint('bold', 'what it says')
  const hasNames = uidsIn(JSON.stringify(value)).some((uid) => nameOf(uid) !== undefined)
  const note = '// what is signed is the uid; its name is what the server says'
  const lines = [title, jsonWithNames(look, value, nameOf)]
  return [...lines, ...(hasNames ? [look.paint('dim', note)] : [])].join('\n')
}

/** One that its author is about to sign. */
export function renderProposalToSign(
  look: Look,
  { id, proposal, shown: draft }: CheckedDraft,
): string {
  const { impact, names } = draft.value
  const looked = { id, standing: 'not signed', proposal, open: null, closed: null, impact, names }
  const impactDigest = draft.text('impactDigest')
  return renderProposal(look, new JsonReader({ ...looked, impactDigest }))
}

const timeOf = (time: string | undefined, look: Look): string | undefined =>
  time === undefined ? undefined : renderTime(time, look.now)

function renderVote(look: Look, vote: JsonReader): string {
  const cast = vote.text('cast')
  const at = parseInstant(cast)
  const decision = vote.text('decision')
  const colour = decision === 'approve' ? 'green' : decision === 'reject' ? 'red' : 'dim'
  const when = at === undefined ? cast : renderRelative(at, look.now)
  return `${vote.text('voter')} ${look.paint(colour, decision)} (${when})`
}

/** What one signed statement led to. */
export function renderSubmission(look: Look, answer: JsonReader): string {
  const suspended = answer.optional('suspended')
  const lines = [renderWaiting(look, answer.object('proposal'))]
  if (suspended !== undefined) lines.push(`${look.paint('red', 'suspended')} voter ${suspended}`)
  for (const change of answer.objects('changes')) {
    const about = `${change.text('op')} ${shown(change.text('alias'))}`
    lines.push(`in force: ${about}, revision ${change.count('rev')}, record ${change.count('seq')}`)
  }
  return lines.join('\n')
}
