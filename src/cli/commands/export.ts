import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf } from '../../core/error-code.js'
import { cedarSchema } from '../../namespace/permit/cedar.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { deliver, writeWhole } from '../deliver.js'
import { aliasOf, type Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { OperatorApi } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import { csvLine } from '../screen/csv.js'
import { atOption, pageOf, questionPath } from './moment.js'
import { watched } from './watched.js'

/** Begun anew so often where the index changes between two pages. */
const ATTEMPTS = 5

interface Translated {
  /** Records of the index log that it is of. */
  readonly size: number
  readonly at: string
  readonly policies: readonly string[]
  readonly entities: readonly unknown[]
}

async function cedar(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await translated(call, api.value)
    if (!found.ok) return found
    if (found.value) return deliverCedar(call, found.value)
  }
  return usage('the index changed while it was read', { next: 'try again' })
}

/** Undefined where the index changed between two pages. */
async function translated(
  call: Invocation,
  api: OperatorApi,
): Promise<Outcome<Translated | undefined>> {
  const policies: string[] = []
  // A region comes with every page that has an entry in it.
  const entities = new Map<string, unknown>()
  let [size, at] = [-1, '']
  for (const part of ['scopes', 'entries']) {
    let next: string | undefined
    do {
      const query = new URLSearchParams(next === undefined ? {} : { after: next })
      const path = questionPath(call, `cedar/${part}`, query)
      const page = await watched(call, api, api.read(path))
      if (!page.ok) return page
      const found = page.value.count('size')
      if (size >= 0 && found !== size) return { ok: true, value: undefined }
      ;[size, at] = [found, page.value.text('at')]
      policies.push(...page.value.raws('policies'))
      for (const { value } of page.value.objects('entities')) {
        entities.set(JSON.stringify(value['uid']), value)
      }
      next = page.value.absent('next') ? undefined : page.value.raw('next')
    } while (next !== undefined)
  }
  return { ok: true, value: { size, at, policies, entities: [...entities.values()] } }
}

async function deliverCedar(
  call: Invocation,
  { size, at, policies, entities }: Translated,
): Promise<Outcome<Answer>> {
  const text = `// As of ${size} records of the index log.\n${policies.join('\n')}\n`
  const out = call.text('out')
  if (out === undefined) {
    return answer({ size, at, schema: cedarSchema, policies, entities }, () => text)
  }
  try {
    await mkdir(call.path(out), { recursive: true })
  } catch (error) {
    return usage(`cannot make ${out}`, { found: reasonOf(error) })
  }
  const files = {
    'policies.cedar': text,
    'entities.json': `${JSON.stringify(entities, null, 2)}\n`,
    'schema.cedarschema': cedarSchema,
  }
  for (const [name, content] of Object.entries(files)) {
    const written = await writeWhole(call, join(out, name), content)
    if (!written.ok) return written
  }
  const counts = { policies: policies.length, entities: entities.length }
  return answer(
    { size, at, ...counts, files: Object.keys(files) },
    (look) =>
      `${look.paint('green', 'wrote')} ${counts.policies} policies and ${counts.entities} entities to ${out}`,
  )
}

/** The server gives no more at a time. */
const PAGE = 1000

async function changes(call: Invocation): Promise<Outcome<Answer>> {
  const under = aliasOf(call.text('under') ?? '/')
  if (!under.ok) return under
  const until = call.text('until')
  if (until !== undefined && Number.isNaN(Date.parse(until))) {
    return usage('--until is no time', { wanted: '2026-10-01T00:00:00Z' })
  }
  const api = await call.operator()
  if (!api.ok) return api
  const found: JsonReader[] = []
  let next: string | undefined
  do {
    const query = new URLSearchParams({ limit: String(pageOf(call, Infinity, PAGE)) })
    if (under.value !== '') query.set('prefix', under.value)
    const since = call.text('since')
    if (next !== undefined) query.set('from', next)
    else if (since !== undefined) query.set('since', since)
    const path = questionPath(call, 'changes', query)
    const page = await watched(call, api.value, api.value.read(path))
    if (!page.ok) return page
    const items = page.value.objects('changes')
    const early = items.filter((item) => isBefore(item, until))
    found.push(...early)
    next = page.value.absent('next') ? undefined : String(page.value.count('next'))
    if (early.length < items.length) next = undefined
  } while (next !== undefined)
  const json = { changes: found.map(({ value }) => value) }
  const isCsv = call.text('format') !== 'json'
  return deliver(
    call,
    json,
    isCsv ? found.reduce(withRow, header) : `${JSON.stringify(json, null, 2)}\n`,
  )
}

const isBefore = (item: JsonReader, until: string | undefined): boolean =>
  until === undefined || Date.parse(item.object('change').text('at')) < Date.parse(until)

const header = csvLine([
  'record',
  'time',
  'object',
  'operation',
  'revision',
  'class',
  'proposed by',
  'reason',
  'ticket',
  'decided by',
  'group revision',
  'weight needed',
  'people needed',
  'approved',
  'rejected',
  'proposal',
])

function withRow(text: string, item: JsonReader): string {
  const change = item.object('change')
  const needs = item.optionalObject('needs')
  const votes = item.objects('votes')
  const said = (decision: string) =>
    votes.filter((vote) => vote.text('decision') === decision).map(voice)
  return `${text}${csvLine([
    change.count('seq'),
    change.text('at'),
    change.raw('subject') === '' ? '/' : change.text('subject'),
    change.text('op'),
    change.count('rev'),
    change.text('class'),
    change.raw('by'),
    change.optional('reason') ?? '',
    change.optional('ticket') ?? '',
    item.raw('scope') === '' ? '/' : item.text('scope'),
    item.count('group'),
    needs ? needs.count('threshold') : '',
    needs ? needs.count('controllers') : '',
    said('approve').join('; '),
    said('reject').join('; '),
    change.text('proposal'),
  ])}`
}

/** `ann (ann@acme, 100, 2026-11-21T08:15:20Z)` */
function voice(vote: JsonReader): string {
  const worth = vote.absent('weight') ? [] : [vote.raw('controller'), String(vote.count('weight'))]
  return `${vote.text('voter')} (${[...worth, vote.text('cast')].join(', ')})`
}

export const exportCommands: readonly CommandSpec[] = [
  provable(
    {
      path: 'export cedar',
      summary: 'who may call whom, as Cedar policies',
      details: [
        "Rules permit; envelopes, guards and states forbid, so that Cedar's own engine decides every call as capstan permit does. With --out, a folder with policies.cedar, entities.json and schema.cedarschema.",
      ],
      options: [
        {
          flags: '-o, --out <folder>',
          description: 'write three files there; with --prove: the file',
        },
        atOption,
      ],
      examples: ['capstan export cedar', 'capstan export cedar --out cedar'],
      run: cedar,
    },
    'cedar',
  ),
  provable(
    {
      path: 'export changes',
      summary: 'what was decided, by whom and by what right, as a table',
      details: [
        'For auditors: each change with its proposal, reason and ticket, the voters with what they were worth then, and what the group asked for. The records themselves prove it: --prove writes all of them.',
      ],
      options: [
        { flags: '--since <time>', description: 'from this time on: 2026-07-01T00:00:00Z' },
        { flags: '--until <time>', description: 'before this time' },
        { flags: '--under <alias>', description: 'only what is at or under this alias' },
        {
          flags: '--format <format>',
          description: 'of the table (default: csv)',
          choices: ['csv', 'json'],
        },
        { flags: '-o, --out <file>', description: 'write it to a file, in one step' },
        atOption,
      ],
      examples: [
        'capstan export changes --since 2026-07-01T00:00:00Z --until 2026-10-01T00:00:00Z -o q3.csv',
        'capstan export changes --under payments --format json',
      ],
      run: changes,
    },
    'changes',
  ),
]
