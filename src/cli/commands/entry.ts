import { answer, type Answer, type CommandSpec } from '../command.js'
import { parseDuration } from '../../config/duration.js'
import { plus, toIso } from '../../core/time.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import { type Look, paintState } from '../screen/look.js'
import { cell, renderTable, timeCell } from '../screen/table.js'
import { parseInstant, renderTime } from '../screen/times.js'
import { bindingOptions, bindingsFromOptions, showBinding } from './binding-request.js'
import { brakeOf } from './brake-screen.js'
import { emergencyOf } from './emergency-screen.js'
import { changeOptions, sendChange } from './change.js'
import { envelopeFromFile } from './envelope.js'
import { renderEnvelope } from './envelope-fields.js'
import { entryListJson, limitOption, parseLimit, readEntries } from './entry-pages.js'

const aboutOptions = [
  { flags: '--contact <text>', description: 'how to reach the owner' },
  {
    flags: '--label <key=value>',
    description: 'a label; may be given several times',
    repeat: 'many',
  },
  {
    flags: '--valid-until <when>',
    description: 'when it ends by itself: 2027-01-31T00:00:00Z, or a duration from now such as 90d',
  },
] as const

async function create(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const about = aboutEntry(call)
  if (!about.ok) return about
  const bindings = bindingsFromOptions(call, call.rest(1))
  if (!bindings.ok) return bindings
  const file = call.text('envelope')
  const envelope = file === undefined ? undefined : await envelopeFromFile(call, file)
  if (envelope?.ok === false) return envelope
  return sendChange(call, {
    op: 'entry.create',
    alias: alias.value,
    ...about.value,
    ...(bindings.value.length === 0 ? {} : { bindings: bindings.value }),
    ...(envelope === undefined ? {} : { envelope: envelope.value }),
  })
}

async function update(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const about = aboutEntry(call)
  if (!about.ok) return about
  if (Object.keys(about.value).length === 0) {
    return usage('nothing to update', { wanted: '--owner, --label or --valid-until' })
  }
  return sendChange(call, { op: 'entry.update', alias: alias.value, ...about.value })
}

/** Owner, labels and end, where they are given. */
function aboutEntry(call: Invocation): Outcome<Readonly<Record<string, unknown>>> {
  const [controller, contact] = [call.text('owner'), call.text('contact')]
  if (controller === undefined && contact !== undefined) {
    return usage('--contact goes with --owner')
  }
  const labels = parseLabels(call.texts('label'))
  if (!labels.ok) return labels
  const validUntil = endOf(call)
  if (!validUntil.ok) return validUntil
  return {
    ok: true,
    value: {
      ...(controller === undefined
        ? {}
        : { owner: contact === undefined ? { controller } : { controller, contact } }),
      ...(Object.keys(labels.value).length === 0 ? {} : { labels: labels.value }),
      ...(validUntil.value === undefined ? {} : { validUntil: validUntil.value }),
    },
  }
}

function parseLabels(pairs: readonly string[]): Outcome<Readonly<Record<string, string>>> {
  const labels: [string, string][] = []
  for (const pair of pairs) {
    const cut = pair.indexOf('=')
    if (cut < 1) {
      return usage('not a label', {
        wanted: 'key=value',
        found: JSON.stringify(pair.slice(0, 100)),
      })
    }
    labels.push([pair.slice(0, cut), pair.slice(cut + 1)])
  }
  return { ok: true, value: Object.fromEntries(labels) }
}

function endOf(call: Invocation): Outcome<string | undefined> {
  const text = call.text('validUntil')
  if (text === undefined) return { ok: true, value: undefined }
  const length = parseDuration(text)
  const at = length === undefined ? parseInstant(text) : plus(call.world.clock.now(), length)
  if (at !== undefined) return { ok: true, value: toIso(at) }
  return usage('--valid-until is no time', {
    wanted: '2027-01-31T00:00:00Z, or a duration such as 90d',
    found: JSON.stringify(text.slice(0, 40)),
  })
}

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const entry = await api.value.read(`/v1/entries/${segment(alias.value)}`)
  if (!entry.ok) return entry
  return answer(entry.value.value, (look) => renderEntry(look, entry.value))
}

function renderEntry(look: Look, entry: JsonReader): string {
  const time = (key: string): string | undefined => {
    const iso = entry.optional(key)
    return iso === undefined ? undefined : renderTime(iso, look.now)
  }
  const owner = entry.object('owner')
  const contact = owner.optional('contact')
  const labels = entry.optionalObject('labels')
  const fields: readonly Field[] = [
    ['entry', entry.text('alias')],
    ['uid', entry.text('uid')],
    ['state', paintState(look, entry.text('state'))],
    ['brake', brakeOf(look, entry)],
    ['emergency', emergencyOf(look, entry)],
    ['owner', `${owner.text('controller')}${contact === undefined ? '' : ` (${contact})`}`],
    ['revision', String(entry.count('rev'))],
    ['created', time('createdAt')],
    ['valid until', time('validUntil')],
    ['drains until', time('drainUntil')],
    ['labels', labels && Object.keys(labels.value).map((key) => `${key}=${labels.text(key)}`)],
    ['names', nonEmpty(entry.texts('names'))],
    [
      'bindings',
      nonEmpty(
        entry
          .objects('bindings')
          .map((item) => `${showBinding(item)}  ${look.paint('dim', item.text('id'))}`),
      ),
    ],
  ]
  const envelope = renderFields(look, renderEnvelope(entry.object('effectiveEnvelope').value))
  return `${renderFields(look, fields)}\n\n${look.paint('bold', 'effective envelope')}\n${envelope}`
}

const nonEmpty = (lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? ['none'] : lines

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const limit = parseLimit(call.text('limit'))
  if (!limit.ok) return limit
  const api = await call.operator()
  if (!api.ok) return api
  const listed = await readEntries(api.value, { prefix: alias.value, limit: limit.value })
  if (!listed.ok) return listed
  const { entries: rows, next } = listed.value
  return answer(entryListJson(listed.value), (look) => {
    if (rows.length === 0) return 'no entries; capstan entry create ALIAS --owner WHO'
    const table = renderTable(
      look,
      [
        { title: 'ENTRY', shrinks: 'when-narrow' },
        { title: 'STATE' },
        { title: 'OWNER', shrinks: 'when-narrow' },
        { title: 'BINDINGS', shrinks: 'when-narrow' },
        { title: 'CREATED' },
      ],
      rows.map((entry) => [
        cell(entry.text('alias')),
        cell(entry.text('state'), (text) => paintState(look, text)),
        cell(entry.object('owner').text('controller')),
        cell(entry.objects('bindings').map(showBinding).join(', ') || '-'),
        timeCell(entry.optional('createdAt'), look),
      ]),
    )
    return next === undefined ? table : `${table}\nthe first ${rows.length}; --limit shows more`
  })
}

async function rename(call: Invocation): Promise<Outcome<Answer>> {
  const [alias, to] = [call.alias(0), call.alias(1)]
  if (!alias.ok) return alias
  if (!to.ok) return to
  return sendChange(call, { op: 'entry.rename', alias: alias.value, to: to.value })
}

const move = (op: 'suspend' | 'reactivate' | 'retire', summary: string): CommandSpec => ({
  path: `entry ${op}`,
  arguments: '<alias>',
  summary,
  options: changeOptions,
  examples: [`capstan entry ${op} payments/api --reason "incident 4711"`],
  run: async (call) => {
    const alias = call.alias(0)
    return alias.ok ? sendChange(call, { op: `entry.${op}`, alias: alias.value }) : alias
  },
})

export const entryCommands: readonly CommandSpec[] = [
  {
    path: 'entry create',
    arguments: '<alias> [match...]',
    summary: 'make an entry: one identity that certificates are issued to',
    options: [
      { flags: '--owner <controller>', description: 'who answers for it', need: 'required' },
      ...aboutOptions,
      { flags: '--envelope <file>', description: 'its envelope, as YAML or JSON' },
      ...bindingOptions,
      ...changeOptions,
    ],
    examples: [
      'capstan entry create payments/api --owner team-payments --k8s prod/payments/api',
      'capstan entry create payments/batch --owner team-payments --valid-until 90d --label tier=2',
    ],
    run: create,
  },
  {
    path: 'entry update',
    arguments: '<alias>',
    summary: "change an entry's owner, labels or end",
    options: [
      { flags: '--owner <controller>', description: 'who answers for it' },
      ...aboutOptions,
      ...changeOptions,
    ],
    examples: ['capstan entry update payments/api --owner team-ledger --contact "#ledger"'],
    run: update,
  },
  {
    path: 'entry show',
    arguments: '<alias>',
    summary: 'show one entry: state, owner, names, bindings, effective envelope',
    examples: ['capstan entry show payments/api'],
    run: show,
  },
  {
    path: 'entry ls',
    arguments: '[prefix]',
    summary: 'list entries, all or those below an alias',
    options: [limitOption],
    examples: ['capstan entry ls', 'capstan entry ls payments --limit 20'],
    run: list,
  },
  move('suspend', 'stop issuing to an entry, at once'),
  move('reactivate', 'let a suspended entry get certificates again'),
  move('retire', 'end an entry for ever; its names are free once its last certificate has expired'),
  {
    path: 'entry rename',
    arguments: '<alias> <new-alias>',
    summary: 'give an entry another alias; it stays the same entry',
    options: changeOptions,
    examples: ['capstan entry rename payments/api payments/gateway'],
    run: rename,
  },
]
