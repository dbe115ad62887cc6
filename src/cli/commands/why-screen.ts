import type { JsonReader } from '../json-reader.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'

/** Lines of one screen. */
const SCREEN = 40
/** So many votes, changes and backends are written out each, until all of it is on one screen. */
const FEWER = [Infinity, 8, 4, 2]

/** The decision, what it stands under, who made it what it is, and where the traffic goes: on one screen. */
export function renderWhy(look: Look, value: JsonReader, decision: string): string {
  const found = value.optionalObject('authorisation')
  // A server of an earlier version does not say.
  const governing = value.optionalObject('governing')
  const head = governing ? `${decision}\n${renderGoverning(look, governing)}` : decision
  const screens = FEWER.map((few) =>
    [
      head,
      ...(found ? [renderAuthorisation(look, found, few, value.optionalObject('checkpoint'))] : []),
      ...renderSplit(look, value.optionalObject('split'), few, value.text('callee')),
    ].join('\n\n'),
  )
  const fits = screens.find((screen) => screen.split('\n').length <= SCREEN)
  return fits ?? screens.at(-1) ?? head
}

/** The first of them, and how many more there are. */
function atMost(few: number, lines: readonly string[]): readonly string[] {
  if (lines.length <= few) return lines
  return [...lines.slice(0, few), `and ${lines.length - few} more: --json`]
}

/** Oldest first, as they are told, and without those before them. */
const latest = (few: number, lines: readonly string[]): readonly string[] =>
  lines.length <= few
    ? lines
    : [...lines.slice(-few), `and ${lines.length - few} before them: --json`]

/** In one line. */
const FEW = 4
const listed = (texts: readonly string[]): string =>
  texts.length <= FEW
    ? texts.join(', ')
    : `${texts.slice(0, FEW).join(', ')} and ${texts.length - FEW} more`

/** Envelopes of both sides, and guards, a line each. */
export function renderGoverning(look: Look, governing: JsonReader): string {
  const ceilings = governing.object('ceilings')
  const guards = governing.objects('guards').map((one) => {
    const guard = one.object('guard')
    return `${guard.text('id')} of ${shown(one.text('scope'))} (${guard.text('effect')})`
  })
  return renderFields(look, [
    ['may call', renderCeiling(ceilings.object('caller'))],
    ['may accept', renderCeiling(ceilings.object('callee'))],
    ['guards', guards.length === 0 ? 'none bears on it' : listed(guards)],
  ])
}

/** `payments, on ports 8080 (narrowed by web)` */
function renderCeiling(ceiling: JsonReader): string {
  const regions = ceiling.raws('regions')
  const where = regions.includes('') ? 'everybody' : listed(ceiling.texts('regions')) || 'nobody'
  const ports = listed(ceiling.portRanges('ports')) || 'none'
  const by = ceiling.raws('narrowedBy').length === 0 ? [] : ceiling.texts('narrowedBy').map(shown)
  return `${where}, on ports ${ports}${by.length === 0 ? '' : ` (narrowed by ${listed(by)})`}`
}

/** Who, when, why, and by how many votes. */
function renderAuthorisation(
  look: Look,
  found: JsonReader,
  few: number,
  signed?: JsonReader,
): string {
  const change = found.object('change')
  const needs = found.optionalObject('needs')
  const others = found.absent('others') ? [] : found.objects('others')
  const asked = needs && `${needs.count('threshold')}, and ${needs.count('controllers')} people`
  const made = `${change.text('op')}, revision ${change.count('rev')} of ${change.text('subject')}`
  return renderFields(look, [
    ['made by', made],
    ['when', renderTime(change.text('at'), look.now)],
    ['proposed by', change.text('by')],
    ['reason', change.optional('reason')],
    ['ticket', change.optional('ticket')],
    ['decided by', `voters of ${shown(found.text('scope'))}, revision ${found.count('group')}`],
    ['it took', asked ? `${asked} (${change.text('class')})` : groupNotFound(found)],
    [
      'votes',
      atMost(
        few,
        found.objects('votes').map((vote) => renderVoice(look, vote)),
      ),
    ],
    ['proposal', change.text('proposal')],
    ['record', `${change.count('seq')} of the index log`],
    ['proof', signed && proofOf(change.count('seq'), signed)],
    [
      'also',
      [
        ...latest(
          few,
          others.map((other) => renderOther(look, other)),
        ),
        ...notLookedAt(found, change.text('subject')),
      ],
    ],
  ])
}

/** Then the votes are told without weights. */
const groupNotFound = (found: JsonReader): string | undefined =>
  found.absent('groupNotLookedAt')
    ? undefined
    : `not known: ${found.count('groupNotLookedAt')} older records of the scope were not looked at for its group`

/** More records of an entry than that nobody waits for. */
const notLookedAt = (found: JsonReader, alias: string): readonly string[] =>
  found.absent('notLookedAt')
    ? []
    : [
        `${found.count('notLookedAt')} records before these were not looked at: capstan log ${shown(alias)}`,
      ]

/** What somebody else can check it against, and with which command. */
const proofOf = (seq: number, signed: JsonReader): string =>
  `capstan index prove ${seq}: it is one of ${signed.count('size')} records, signed with root ${signed.text('root')}`

/** Where the traffic of the port goes then, and who decided on that. */
export function renderSplit(
  look: Look,
  split: JsonReader | undefined,
  few: number,
  callee: string,
): readonly string[] {
  if (!split) return []
  const refs = split
    .objects('backendRefs')
    .toSorted((a, b) => b.count('weight') - a.count('weight'))
  const total = refs.reduce((sum, ref) => sum + ref.count('weight'), 0)
  const lines = refs.map((ref) => {
    const port = ref.absent('port') ? '' : ` port ${ref.count('port')}`
    const share = (100 * ref.count('weight')) / total
    return `${ref.text('entry')}${port} ${share.toFixed(1).replace('.0', '')} %`
  })
  const found = split.optionalObject('authorisation')
  const fields = renderFields(look, [
    [`split of port ${split.count('port')}`, atMost(few, lines)],
    ['decided by', found ? undefined : splitNotFound(split, callee)],
  ])
  return [found ? `${fields}\n${renderAuthorisation(look, found, few)}` : fields]
}

const splitNotFound = (split: JsonReader, callee: string): string | undefined =>
  split.absent('notLookedAt')
    ? undefined
    : `not found: ${split.count('notLookedAt')} older records were not looked at: capstan log ${callee}`

function renderVoice(look: Look, vote: JsonReader): string {
  const worth = vote.absent('weight') ? '' : ` ${vote.count('weight')}`
  const who = vote.optional('controller')
  const name = who === undefined ? vote.text('voter') : `${vote.text('voter')} (${who})`
  return `${name} ${vote.text('decision')}${worth}, ${renderTime(vote.text('cast'), look.now)}`
}

const renderOther = (look: Look, item: JsonReader): string =>
  `record ${item.count('seq')} ${item.text('op')}, ${renderTime(item.text('at'), look.now)} by ${item.text('by')}`

const shown = (alias: string): string => (alias === '' ? '/' : alias)
