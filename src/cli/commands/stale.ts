import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { proveByLog } from '../proof/prove-by-log.js'
import type { Look } from '../screen/look.js'
import { type Cell, cell, timeCell } from '../screen/table.js'
import { limitOption, parseLimit } from './entry-pages.js'
import { type Listed, listed, listedTable, listedUpTo, shown } from './listed.js'
import { atOption, noMoment } from './moment.js'
import { noProof, proveMisuse } from './prove.js'

/** Ends of the index, the soonest first, up to the limit. */
interface Ends {
  readonly ends: readonly JsonReader[]
  readonly more: boolean
}

async function stale(call: Invocation): Promise<Outcome<Answer>> {
  const misuse = proveMisuse(call)
  if (misuse) return misuse
  if (call.has('ending')) return call.has('prove') ? proveByLog(call, 'ends', stale) : ending(call)
  const refusal = ofTheLedger(call)
  if (refusal) return refusal
  const unused = await unusedIn(call)
  if (!unused.ok) return unused
  const ends = await endsIn(call)
  // A server of an earlier version does not say.
  if (!ends.ok && ends.problem.code !== 'request.not-found') return ends
  const json = { ...unused.value.json, ...(ends.ok && jsonOf(ends.value)) }
  return answer(json, (look) =>
    [
      renderUnused(look, unused.value),
      ...(ends.ok ? [renderEnds(look, ends.value, daysAhead(call))] : []),
    ].join('\n\n'),
  )
}

async function ending(call: Invocation): Promise<Outcome<Answer>> {
  const found = await endsIn(call)
  if (!found.ok) return found
  return answer(jsonOf(found.value), (look) => renderEnds(look, found.value, daysAhead(call)))
}

/** Certificates are nothing that the index log says anything of. */
function ofTheLedger(call: Invocation): Outcome<never> | undefined {
  return (
    noProof(
      call,
      'what certificates were issued is in the ledger, and when an entry had its latest the index log does not say',
      'capstan stale --ending --prove proves what ends; capstan watch, capstan audit --full look at what was issued',
    ) ??
    noMoment(
      call,
      'the ledger says which certificate of an entry is the latest, and forgets those before it',
      'capstan stale --ending --at says what was to end; capstan certs ALIAS what was issued',
    )
  )
}

async function unusedIn(call: Invocation): Promise<Outcome<Listed>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const query = new URLSearchParams({ days: call.text('days') ?? '90' })
  if (alias.value !== '') query.set('prefix', alias.value)
  return listed(call, { path: 'stale', name: 'stale', resume: 'after' }, query)
}

const daysAhead = (call: Invocation): string => call.text('ahead') ?? '30'

/** Everything is looked at, and then sorted: what ends soon may be anywhere. */
async function endsIn(call: Invocation): Promise<Outcome<Ends>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const limit = parseLimit(call.text('limit'))
  if (!limit.ok) return limit
  const query = new URLSearchParams({ days: daysAhead(call) })
  if (alias.value !== '') query.set('prefix', alias.value)
  const ends: JsonReader[] = []
  for (const part of ['scopes', 'entries']) {
    const sought = { path: `ends/${part}`, name: 'ends', resume: 'after' }
    const found = await listedUpTo(call, Infinity, sought, query)
    if (!found.ok) return found
    ends.push(...found.value.items)
  }
  ends.sort((a, b) => (a.raw('at') < b.raw('at') ? -1 : a.raw('at') > b.raw('at') ? 1 : 0))
  const first = ends.slice(0, limit.value)
  return { ok: true, value: { ends: first, more: first.length < ends.length } }
}

const jsonOf = ({ ends, more }: Ends) => ({
  ends: ends.map(({ value }) => value),
  ...(more && { moreEnds: true }),
})

function renderUnused(look: Look, { items, more }: Listed): string {
  const titles = ['ENTRY', 'OWNER', 'LAST CERTIFICATE', 'RULES THAT ALLOW NOBODY']
  return listedTable(look, {
    columns: titles.map((title) => ({ title })),
    rows: items.map((item) => unusedRow(look, item)),
    nothing: 'nothing: every active entry had a certificate in that time',
    more,
  })
}

function unusedRow(look: Look, item: JsonReader): readonly Cell[] {
  const unused = item.optionalObject('unused')
  const rules = item.objects('rules').map((one) => `${one.text('id')} (${one.text('because')})`)
  return [
    cell(item.text('alias')),
    cell(item.text('owner')),
    unused ? lastCell(unused, look) : cell('lately'),
    cell(rules.join(', ') || '-'),
  ]
}

function lastCell(unused: JsonReader, look: Look): Cell {
  const last = unused.optional('last')
  return last === undefined ? cell('never') : timeCell(last, look)
}

function renderEnds(look: Look, { ends, more }: Ends, days: string): string {
  const titles = ['ENDS', 'WHAT', 'OF', 'AND THEN']
  return listedTable(look, {
    columns: titles.map((title) => ({ title })),
    rows: ends.map((one) => [
      timeCell(one.text('at'), look),
      cell(whatEnds(one)),
      cell(shown(one.text('alias'))),
      cell(consequence(one)),
    ]),
    nothing: `nothing ends by itself within ${days} days`,
    more,
  })
}

/** `key of voter ann`, `rule shop`, `brake` */
function whatEnds(one: JsonReader): string {
  const [kind, of, id] = [one.text('kind'), one.optional('of'), one.optional('id')]
  const whose = of?.replaceAll('-', ' ')
  if (kind === 'key') return `key of ${whose} ${id}`
  if (kind === 'rule' || kind === 'proposal') return `${kind} ${id}`
  if (of === undefined) return kind
  const what = kind === 'emergency' ? 'use of a grant' : kind
  return [what, 'on', whose, ...(id === undefined ? [] : [id])].join(' ')
}

const CONSEQUENCES: Readonly<Record<string, string>> = {
  entry: 'no certificates, no calls',
  drain: 'its names are free for others',
  rule: 'allows nothing',
  brake: 'goes on as before',
  emergency: 'as if it had not been',
  proposal: 'expires',
}

function consequence(one: JsonReader): string {
  if (one.text('kind') !== 'key') return CONSEQUENCES[one.text('kind')] ?? '-'
  return one.absent('last') ? 'another goes on' : 'nobody signs as them'
}

export const staleCommand: CommandSpec = {
  path: 'stale',
  arguments: '[alias]',
  summary: 'entries without a certificate for long, rules that allow nobody, and what ends soon',
  details: [
    'By the ledger: what calls are made, nobody tells Capstan. Entries that are younger than that are left out.',
    "What ends is what the time alone ends: lifetimes of entries, rules, voters' and holders' keys, brakes, uses of emergency grants, and proposals whose votes are not there. With --ending only that, of which the index log says all, also as it was (--at), and with a proof (--prove).",
  ],
  options: [
    { flags: '--days <count>', description: 'for so long (default: 90)' },
    { flags: '--ahead <count>', description: 'what ends within so many days (default: 30)' },
    { flags: '--ending', description: 'only what ends' },
    limitOption,
    { ...atOption, description: `with --ending: ${atOption.description}` },
    {
      flags: '--prove',
      description:
        'with --ending: write the log that the answer follows from to --out, for capstan verify on another machine',
    },
    { flags: '-o, --out <file>', description: 'with --prove: the file, written in one step' },
  ],
  examples: [
    'capstan stale',
    'capstan stale payments --days 30',
    'capstan stale --ending --ahead 90',
  ],
  run: stale,
}
