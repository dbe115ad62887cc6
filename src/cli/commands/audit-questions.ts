import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import type { Look } from '../screen/look.js'
import { cell, type Column, renderTable, timeCell } from '../screen/table.js'
import { limitOption, parseLimit } from './entry-pages.js'
import { atOption, noMoment, noMomentOption, pageOf, questionPath } from './moment.js'
import { noProof, noProofOption } from './prove.js'
import { watched } from './watched.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

interface Listed {
  readonly items: readonly JsonReader[]
  readonly more: boolean
  readonly json: Readonly<Record<string, unknown>>
}

/** The server gives no more at a time. */
const PAGE = 1000

/** Pages of one list, up to the limit; each goes on where the one before ended. */
async function listed(
  call: Invocation,
  { path, name, resume }: { readonly path: string; readonly name: string; readonly resume: string },
  asked: URLSearchParams,
): Promise<Outcome<Listed>> {
  const limit = parseLimit(call.text('limit'))
  if (!limit.ok) return limit
  const api = await call.operator()
  if (!api.ok) return api
  const items: JsonReader[] = []
  let next: string | undefined
  do {
    const query = new URLSearchParams(asked)
    if (next !== undefined) query.set(resume, next)
    query.set('limit', String(pageOf(call, limit.value - items.length, PAGE)))
    const page = await watched(call, api.value, api.value.read(questionPath(call, path, query)))
    if (!page.ok) return page
    items.push(...page.value.objects(name))
    const { value } = page.value
    next = page.value.absent('next') ? undefined : String(value['next'])
  } while (next !== undefined && items.length < limit.value)
  const json = { [name]: items.map(({ value }) => value), ...(next !== undefined && { next }) }
  return { ok: true, value: { items, more: next !== undefined, json } }
}

function answered(
  found: Outcome<Listed>,
  nothing: string,
  columns: readonly Column[],
  row: (look: Look, item: JsonReader) => ReturnType<typeof cell>[],
): Outcome<Answer> {
  if (!found.ok) return found
  const { items, more, json } = found.value
  return answer(json, (look) => {
    const table =
      items.length === 0
        ? nothing
        : renderTable(
            look,
            columns,
            items.map((item) => row(look, item)),
          )
    return more ? `${table}\n${look.paint('yellow', 'there may be more: --limit')}` : table
  })
}

function since(call: Invocation): URLSearchParams {
  const query = new URLSearchParams()
  const start = call.text('since')
  if (start !== undefined) query.set('since', start)
  return query
}

async function voter(call: Invocation): Promise<Outcome<Answer>> {
  const query = since(call)
  if (call.has('decisive')) query.set('decisive', 'true')
  const id = call.word(0) ?? ''
  const path = `voters/${encodeURIComponent(id)}`
  const found = await listed(call, { path, name: 'changes', resume: 'from' }, query)
  const titles = ['RECORD', 'WHEN', 'CHANGED', 'CLASS', 'SCOPE', 'SAID', 'WEIGHT', 'DECISIVE']
  return answered(
    found,
    'no change that this voter voted about',
    titles.map((title) => ({ title })),
    (look, item) => [
      cell(String(item.count('seq'))),
      timeCell(item.text('at'), look),
      cell(shown(item.text('alias'))),
      cell(item.text('class')),
      cell(shown(item.text('scope'))),
      cell(item.text('decision')),
      cell(String(item.count('weight'))),
      cell(item.flag('decisive') ? 'yes' : 'no'),
    ],
  )
}

/** Of the use of a grant: what voters said of it. */
function kindOf(item: JsonReader): string {
  const ratification = item.optional('ratification')
  return ratification === undefined ? item.text('kind') : `${item.text('kind')} (${ratification})`
}

async function exceptions(call: Invocation): Promise<Outcome<Answer>> {
  const path = 'exceptions'
  const found = await listed(call, { path, name: 'exceptions', resume: 'from' }, since(call))
  const titles = ['RECORD', 'WHEN', 'KIND', 'CHANGE', 'SCOPE', 'BY', 'REASON']
  return answered(
    found,
    'nothing: everything was decided in the usual way',
    titles.map((title) => ({ title })),
    (look, item) => [
      cell(String(item.count('seq'))),
      timeCell(item.text('at'), look),
      cell(kindOf(item)),
      cell(item.text('op')),
      cell(shown(item.text('alias'))),
      cell(item.text('by') || '-'),
      cell(item.optional('reason') ?? '-'),
    ],
  )
}

async function stale(call: Invocation): Promise<Outcome<Answer>> {
  const unproved = noProof(
    call,
    'what certificates were issued is in the ledger, and when an entry had its latest the index log does not say',
  )
  if (unproved) return unproved
  const undated = noMoment(
    call,
    'the ledger says which certificate of an entry is the latest, and forgets those before it',
    'capstan diff THEN NOW says what is another since; capstan certs ALIAS what was issued',
  )
  if (undated) return undated
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const query = new URLSearchParams({ days: call.text('days') ?? '90' })
  if (alias.value !== '') query.set('prefix', alias.value)
  const found = await listed(call, { path: 'stale', name: 'stale', resume: 'after' }, query)
  const titles = ['ENTRY', 'OWNER', 'LAST CERTIFICATE', 'RULES THAT ALLOW NOBODY']
  return answered(
    found,
    'nothing: every active entry had a certificate in that time',
    titles.map((title) => ({ title })),
    (look, item) => {
      const unused = item.optionalObject('unused')
      const rules = item.objects('rules').map((one) => `${one.text('id')} (${one.text('because')})`)
      return [
        cell(item.text('alias')),
        cell(item.text('owner')),
        unused ? lastCell(unused, look) : cell('lately'),
        cell(rules.join(', ') || '-'),
      ]
    },
  )
}

const lastCell = (unused: JsonReader, look: Look): ReturnType<typeof cell> => {
  const last = unused.optional('last')
  return last === undefined ? cell('never') : timeCell(last, look)
}

const sinceOption: OptionSpec = {
  flags: '--since <time>',
  description: 'from this time on (2026-11-21T08:15:20Z)',
}

export const auditQuestionCommands: readonly CommandSpec[] = [
  provable(
    {
      path: 'voter votes',
      arguments: '<voter>',
      summary: 'changes that a voter voted about, and which would not have been made without it',
      details: [
        'By the id that groups know the voter by. Decisive by what the group asked for then; what guards wanted beside that is not reckoned.',
      ],
      options: [
        sinceOption,
        { flags: '--decisive', description: 'only those that hung on it' },
        limitOption,
        atOption,
      ],
      examples: [
        'capstan voter votes ann',
        'capstan voter votes ann --since 2026-11-01T00:00:00Z --decisive',
      ],
      run: voter,
    },
    'votes',
  ),
  provable(
    {
      path: 'exceptions',
      summary: 'what was not decided in the usual way',
      details: [
        'Interventions from above, voters suspended by what they signed, guards lifted or loosened, and groups that one lost voter may be the end of.',
      ],
      options: [sinceOption, limitOption, atOption],
      examples: ['capstan exceptions', 'capstan exceptions --since 2026-11-01T00:00:00Z'],
      run: exceptions,
    },
    'exceptions',
  ),
  {
    path: 'stale',
    arguments: '[alias]',
    summary: 'entries without a certificate for long, and rules that allow nobody anything',
    details: [
      'By the ledger: what calls are made, nobody tells Capstan. Entries that are younger than that are left out.',
    ],
    options: [
      { flags: '--days <count>', description: 'for so long (default: 90)' },
      limitOption,
      noMomentOption,
      noProofOption,
    ],
    examples: ['capstan stale', 'capstan stale payments --days 30'],
    run: stale,
  },
]
