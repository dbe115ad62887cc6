import { type Alias, isUnder } from '../../core/alias.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import type { Outcome } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import { type Look, paintState } from '../screen/look.js'
import { cell, renderTable } from '../screen/table.js'
import { renderTime } from '../screen/times.js'
import { renderTree } from '../screen/tree.js'
import { brakeOf } from './brake-screen.js'
import { recoveryOf } from './recovery-screen.js'
import { changeOptions, sendChange } from './change.js'
import { envelopeFromFile } from './envelope.js'
import { renderEnvelope } from './envelope-fields.js'
import { entryListJson, limitOption, parseLimit, readEntries } from './entry-pages.js'
import { byAlias, scopeTree } from './scope-tree.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

async function create(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const file = call.text('envelope')
  const envelope = file === undefined ? undefined : await envelopeFromFile(call, file)
  if (envelope?.ok === false) return envelope
  return sendChange(call, {
    op: 'scope.create',
    alias: alias.value,
    ...(envelope === undefined ? {} : { envelope: envelope.value }),
  })
}

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const scope = await api.value.read(`/v1/scopes/${segment(alias.value)}`)
  if (!scope.ok) return scope
  return answer(scope.value.value, (look) => renderScope(look, scope.value))
}

function renderScope(look: Look, scope: JsonReader): string {
  const created = scope.optional('createdAt')
  const fields: readonly Field[] = [
    ['scope', shown(scope.text('alias'))],
    ['uid', scope.text('uid')],
    ['state', paintState(look, scope.text('state'))],
    ['brake', brakeOf(look, scope)],
    ['recovery', recoveryOf(look, scope)],
    ['revision', String(scope.count('rev'))],
    ['created', created === undefined ? undefined : renderTime(created, look.now)],
  ]
  const envelope = renderFields(look, renderEnvelope(scope.object('effectiveEnvelope').value))
  return `${renderFields(look, fields)}\n\n${look.paint('bold', 'effective envelope')}\n${envelope}`
}

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const scopes = await api.value.read('/v1/scopes')
  if (!scopes.ok) return scopes
  return answer(scopes.value.value, (look) =>
    renderTable(
      look,
      [
        { title: 'SCOPE', shrinks: 'when-narrow' },
        { title: 'STATE' },
        { title: 'REVISION' },
        { title: 'UID' },
      ],
      byAlias(scopes.value.objects('scopes')).map((scope) => [
        cell(shown(scope.text('alias'))),
        cell(scope.text('state'), (text) => paintState(look, text)),
        cell(String(scope.count('rev'))),
        cell(scope.text('uid')),
      ]),
    ),
  )
}

async function tree(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const limit = parseLimit(call.text('limit'))
  if (!limit.ok) return limit
  const api = await call.operator()
  if (!api.ok) return api
  const root = await api.value.read(`/v1/scopes/${segment(alias.value)}`)
  if (!root.ok) return root
  const scopes = await api.value.read('/v1/scopes')
  if (!scopes.ok) return scopes
  const listed = await readEntries(api.value, { prefix: alias.value, limit: limit.value })
  if (!listed.ok) return listed
  const inside = (item: JsonReader): boolean => isUnder(item.raw('alias') as Alias, alias.value)
  const shownScopes = scopes.value.objects('scopes').filter(inside)
  const shownEntries = listed.value.entries.filter(inside)
  const { next } = listed.value
  return answer(
    {
      scopes: shownScopes.map(({ value }) => value),
      ...entryListJson({ entries: shownEntries, next }),
    },
    (look) => {
      const drawn = renderTree(scopeTree(look, root.value, shownScopes, shownEntries))
      if (next === undefined) return drawn
      return `${drawn}\nthe first ${shownEntries.length} entries; --limit shows more`
    },
  )
}

const move = (op: 'suspend' | 'reactivate' | 'retire', summary: string): CommandSpec => ({
  path: `scope ${op}`,
  arguments: '<alias>',
  summary,
  options: changeOptions,
  examples: [`capstan scope ${op} payments --reason "moved to billing"`],
  run: async (call) => {
    const alias = call.alias(0)
    return alias.ok ? sendChange(call, { op: `scope.${op}`, alias: alias.value }) : alias
  },
})

export const scopeCommands: readonly CommandSpec[] = [
  {
    path: 'scope create',
    arguments: '<alias>',
    summary: 'make a scope: a node with authority over a region of names',
    options: [
      {
        flags: '--envelope <file>',
        description: "its envelope (default: its parent's effective one)",
      },
      ...changeOptions,
    ],
    examples: [
      'capstan scope create payments',
      'capstan scope create payments/checkout --envelope checkout.yaml',
    ],
    run: create,
  },
  {
    path: 'scope show',
    arguments: '[alias]',
    summary: 'show one scope and its effective envelope',
    details: ['The root scope is written /.'],
    examples: ['capstan scope show payments', 'capstan scope show /'],
    run: show,
  },
  {
    path: 'scope ls',
    summary: 'list the scopes',
    examples: ['capstan scope ls'],
    run: list,
  },
  {
    path: 'scope tree',
    arguments: '[alias]',
    summary: 'show scopes and their entries as a tree',
    options: [limitOption],
    examples: ['capstan scope tree', 'capstan scope tree payments'],
    run: tree,
  },
  move('suspend', 'stop issuance for everything in a scope, at once'),
  move('reactivate', 'let a suspended scope issue again'),
  move('retire', 'end an empty scope for ever'),
]
