import { parseYaml } from '../../config/yaml-source.js'
import { visible } from '../../core/visible.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { cell, renderTable } from '../screen/table.js'
import { renderInstant } from '../screen/times.js'
import { joinedVoters } from '../voting/voter-files.js'
import { changeOptions, sendChange } from './change.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const asked = await api.value.read(`/v1/scopes/${segment(alias.value)}`)
  if (!asked.ok) return asked
  const by = asked.value.raw('decidedBy')
  const deciding = await api.value.read(`/v1/scopes/${segment(by)}`)
  if (!deciding.ok) return deciding
  const group = deciding.value.object('group')
  return answer({ scope: alias.value, decidedBy: by, group: group.value }, (look) =>
    renderGroup(look, shown(visible(by)), group),
  )
}

function renderGroup(look: Look, scope: string, group: JsonReader): string {
  const [threshold, controllers] = [group.object('threshold'), group.object('minControllers')]
  const timelock = group.optionalObject('timelock')
  const classes = ['narrowing', 'routine', 'sensitive', 'structural', 'emergency'] as const
  const fields: readonly Field[] = [
    ['decided by', scope],
    ['revision', String(group.count('rev'))],
    ['brake', brakeTerms(group)],
    ['recovery set', recoveryTerms(look, group)],
    ['emergency', grantTerms(group)],
    ['solo', group.flag('solo') ? look.paint('yellow', 'one voter decides alone') : undefined],
    ['proposers', proposersOf(group)],
  ]
  const needs = renderTable(
    look,
    [{ title: 'CLASS' }, { title: 'WEIGHT' }, { title: 'PEOPLE' }, { title: 'TIMELOCK' }],
    classes.map((name) => [
      cell(name),
      cell(String(threshold.count(name))),
      cell(String(controllers.count(name))),
      cell(timelock && !timelock.absent(name) ? `${timelock.count(name)} s` : '-'),
    ]),
  )
  const voters = renderTable(
    look,
    [
      { title: 'VOTER' },
      { title: 'CONTROLLER', shrinks: 'when-narrow' },
      { title: 'WEIGHT' },
      { title: 'STATUS' },
      { title: 'KEYS' },
    ],
    group.objects('voters').map((voter) => [
      cell(voter.text('id')),
      cell(voter.text('controller')),
      cell(String(voter.count('weight'))),
      cell(isBraked(voter, look) ? 'braked' : voter.text('status')),
      cell(
        voter
          .objects('keys')
          .map((key) => `${key.text('alg')} ${key.text('thumbprint').slice(0, 10)}${endOf(key)}`)
          .join(', '),
      ),
    ]),
  )
  return [renderFields(look, fields), voters, needs].join('\n\n')
}

const endOf = (key: JsonReader): string =>
  key.absent('until') ? '' : ` until ${renderInstant(key.instant('until'))}`

function brakeTerms(group: JsonReader): string | undefined {
  const brake = group.optionalObject('brake')
  return brake && `for ${brake.count('ttl')} s at most, ${brake.count('perWeek')} times a week`
}

function grantTerms(group: JsonReader): readonly string[] {
  const grants = group.optionalObject('emergency')?.objects('grants') ?? []
  return grants.map(
    (grant) =>
      `${grant.text('name')}: ${grant.texts('acts').join(', ')} under ${shown(grant.text('under'))}, ${grant.count('threshold')} of ${grant.texts('who').join(', ')}`,
  )
}

function recoveryTerms(look: Look, group: JsonReader): string {
  const set = group.optionalObject('recovery')
  if (!set) return look.paint('yellow', 'none')
  const holders = set.objects('holders').map((one) => one.text('id'))
  return `${set.count('threshold')} of ${holders.join(', ')}, after ${set.count('delay') / 3600} h`
}

const isBraked = (voter: JsonReader, { now }: Look): boolean =>
  (voter.optionalObject('brake')?.count('until') ?? 0) > now

const proposersOf = (group: JsonReader): string | undefined =>
  group.absent('proposers')
    ? undefined
    : group
        .objects('proposers')
        .map((one) => one.text('id'))
        .join(', ')

async function set(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const group = await askedGroup(call)
  if (!group.ok) return group
  const recovery = await recoverySet(call)
  if (!recovery.ok) return recovery
  return sendChange(call, {
    op: 'group.set',
    alias: alias.value,
    group: { ...group.value, ...recovery.value },
    ...(call.has('intervene') && { intervene: true }),
  })
}

/** A group as people ask for it: the file, and the voters of files beside it. */
export async function askedGroup(
  call: Invocation,
): Promise<Outcome<Readonly<Record<string, unknown>>>> {
  const base = await groupFile(call)
  if (!base.ok) return base
  const voters: unknown[] = []
  for (const name of call.texts('voter')) {
    const voter = await jsonFile(call, name)
    if (!voter.ok) return voter
    voters.push(voter.value)
  }
  const known = base.value['voters']
  const all = [...(Array.isArray(known) ? (known as unknown[]) : []), ...voters]
  if (all.length === 0) {
    return usage('a group needs voters', {
      wanted: '--voter FILE for each, or -f FILE with a list of them',
      next: 'capstan voter enrol',
    })
  }
  const joined = joinedVoters(all, call.world.clock.now())
  return joined.ok ? { ok: true, value: { ...base.value, voters: joined.value } } : joined
}

/** What `--recovery` and the options beside it come to; nothing where it is not there. */
async function recoverySet(call: Invocation): Promise<Outcome<Readonly<Record<string, unknown>>>> {
  const files = call.texts('recovery')
  if (files.length === 0) return { ok: true, value: {} }
  const holders: unknown[] = []
  for (const name of files) {
    const holder = await jsonFile(call, name)
    if (!holder.ok) return holder
    holders.push(holder.value)
  }
  const delay = call.duration('recoveryDelay')
  if (!delay.ok) return delay
  const threshold = Number(call.text('recoveryThreshold') ?? Math.floor(holders.length / 2) + 1)
  const set = { holders, threshold, ...(delay.value !== undefined && { delay: delay.value }) }
  return { ok: true, value: { recovery: set } }
}

async function groupFile(call: Invocation): Promise<Outcome<Readonly<Record<string, unknown>>>> {
  const name = call.text('file')
  if (name === undefined) return { ok: true, value: {} }
  return jsonFile(call, name)
}

/** An object in YAML or JSON. */
async function jsonFile(
  call: Invocation,
  name: string,
): Promise<Outcome<Readonly<Record<string, unknown>>>> {
  const text = await call.file(name)
  if (!text.ok) return text
  const parsed = parseYaml(text.value.toString('utf8'))
  if (!parsed.ok) return usage(`${name} is not YAML or JSON`)
  const { value } = parsed.source
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return usage(`${name} is not an object`)
  }
  return { ok: true, value: new JsonReader(value, name).value }
}

export const groupOptions: readonly OptionSpec[] = [
  {
    flags: '--voter <file...>',
    description: 'a voter, as capstan voter enrol prints it; files of one voter are joined',
    repeat: 'many',
  },
  { flags: '-f, --file <file>', description: 'thresholds, timelocks, brake, YAML or JSON' },
]

export const groupCommands: readonly CommandSpec[] = [
  {
    path: 'group show',
    arguments: '[scope]',
    summary: 'who decides for a scope, and with how many votes',
    examples: ['capstan group show', 'capstan group show payments'],
    run: show,
  },
  {
    path: 'group set',
    arguments: '<scope>',
    summary: 'propose who decides for a scope',
    details: [
      'Decided by those who decide now and by those who would: both vote about it.',
      'What the file leaves out follows from the voters: more than half for what is routine or sensitive, two thirds for what is structural, two people for both.',
    ],
    options: [
      ...groupOptions,
      {
        flags: '--recovery <file...>',
        description: 'a holder of the recovery set, as capstan voter enrol --recovery prints it',
        repeat: 'many',
      },
      {
        flags: '--recovery-threshold <count>',
        description: 'so many of them replace the voters (default: more than half)',
      },
      {
        flags: '--recovery-delay <duration>',
        description: 'how long that takes: 64h to 30d (default: 72h)',
      },
      { flags: '--intervene', description: 'by the voters of the scope above, without its own' },
      ...changeOptions,
    ],
    examples: ['capstan group set / --voter ann.json --voter bob.json --voter cyd.json'],
    run: set,
  },
]
