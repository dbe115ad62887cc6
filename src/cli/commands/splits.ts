import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import { aliasOf, type Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { cell, renderTable } from '../screen/table.js'
import { changeOptions, sendChange } from './change.js'

function port(call: Invocation): Outcome<number> {
  const text = call.text('port') ?? ''
  const number = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= 65_535) return { ok: true, value: number }
  return usage('--port is no port', {
    wanted: '1 to 65535',
    found: JSON.stringify(text.slice(0, 40)),
  })
}

/** `payments/v2=9`, `payments/v2:8081=9`, `payments/v2` */
function parseBackend(text: string): Outcome<Readonly<Record<string, unknown>>> {
  const [, name = '', at, weight] = /^([^:=]+)(?::(\d{1,5}))?(?:=(\d{1,7}))?$/.exec(text) ?? []
  if (name === '') {
    return usage('--backend cannot be read', {
      wanted: 'ALIAS, ALIAS=WEIGHT or ALIAS:PORT=WEIGHT',
      found: JSON.stringify(text.slice(0, 100)),
    })
  }
  const alias = aliasOf(name)
  if (!alias.ok) return alias
  return {
    ok: true,
    value: {
      entry: alias.value,
      ...(at !== undefined && { port: Number(at) }),
      ...(weight !== undefined && { weight: Number(weight) }),
    },
  }
}

async function set(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const at = port(call)
  if (!at.ok) return at
  const backendRefs: unknown[] = []
  for (const text of call.texts('backend')) {
    const backend = parseBackend(text)
    if (!backend.ok) return backend
    backendRefs.push(backend.value)
  }
  const split = { port: at.value, backendRefs }
  return sendChange(call, { op: 'split.set', alias: alias.value, split })
}

async function clear(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const at = port(call)
  if (!at.ok) return at
  return sendChange(call, { op: 'split.clear', alias: alias.value, port: at.value })
}

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.read(`/v1/entries/${segment(alias.value)}/rules`)
  if (!found.ok) return found
  const splits = found.value.objects('splits')
  return answer({ splits: splits.map(({ value }) => value) }, (look) => {
    if (splits.length === 0) return 'no splits: its traffic goes to itself'
    const titles = ['port', 'backend', 'weight', 'share'].map((title) => ({ title }))
    return renderTable(look, titles, splits.flatMap(backendRows))
  })
}

function backendRows(split: JsonReader): ReturnType<typeof cell>[][] {
  const refs = split.objects('backendRefs')
  const total = refs.reduce((sum, ref) => sum + ref.count('weight'), 0)
  return refs.map((ref) => {
    const at = ref.absent('port') ? split.count('port') : ref.count('port')
    const weight = ref.count('weight')
    return [
      cell(String(split.count('port'))),
      cell(`${ref.text('entry')}:${at}`),
      cell(String(weight)),
      cell(`${((100 * weight) / total).toFixed(1)} %`),
    ]
  })
}

const portOption: OptionSpec = {
  flags: '--port <port>',
  description: 'the port by which the traffic comes in',
  need: 'required',
}

export const splitCommands: readonly CommandSpec[] = [
  {
    path: 'splits set',
    arguments: '<alias>',
    summary: 'spread the traffic that comes in for an entry over backends, by weight',
    details: [
      'A split is no permission: rules say who may call. It replaces the split that the port had before.',
    ],
    options: [
      portOption,
      {
        flags: '--backend <alias[:port][=weight]>',
        description: 'an entry and its share (default: the same port, weight 1)',
        repeat: 'many',
        need: 'required',
      },
      ...changeOptions,
    ],
    examples: [
      'capstan splits set payments/api --port 8080 --backend payments/api=90 --backend payments/v2=10',
    ],
    run: set,
  },
  {
    path: 'splits clear',
    arguments: '<alias>',
    summary: 'let the traffic of a port go to the entry itself again',
    options: [portOption, ...changeOptions],
    examples: ['capstan splits clear payments/api --port 8080'],
    run: clear,
  },
  {
    path: 'splits list',
    arguments: '<alias>',
    summary: 'show where the traffic of an entry goes',
    examples: ['capstan splits list payments/api'],
    run: list,
  },
]
