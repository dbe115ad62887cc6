import type { Answer, CommandSpec, OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import { cell, timeCell } from '../screen/table.js'
import { limitOption } from './entry-pages.js'
import { answered, listed, shown } from './listed.js'
import { atOption } from './moment.js'
import { staleCommand } from './stale.js'

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
        'By the id that groups know the voter by. Decisive by what the group and the guards above asked for then.',
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
  staleCommand,
]
