import type { Config } from '../../config/config.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import { type Look, paintState } from '../screen/look.js'
import { cell, renderTable, timeCell } from '../screen/table.js'
import { parseInstant, renderTime } from '../screen/times.js'

const DEFAULT_TTL_SECONDS = 600

async function create(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const ttl = call.duration('ttl')
  if (!ttl.ok) return ttl
  const config = await call.config()
  if (!config.ok) return config
  const api = await call.operator()
  if (!api.ok) return api
  const token = await api.value.send('/v1/tokens', {
    alias: alias.value,
    ttlSeconds: ttl.value ?? DEFAULT_TTL_SECONDS,
  })
  if (!token.ok) return token
  return answer(token.value.value, (look) =>
    renderToken(look, token.value, serverUrl(config.value)),
  )
}

function renderToken(look: Look, token: JsonReader, server: string): string {
  const pin = pinOf(token.text('caFingerprint'))
  const fields = renderFields(look, [
    ['entry', token.text('alias')],
    ['token', token.text('token')],
    ['expires', renderTime(token.text('expiresAt'), look.now)],
    ['ca', pin],
  ])
  const command = [
    `CAPSTAN_TOKEN=${token.text('token')} \\`,
    `  capstan cert get ${token.text('alias')} --server ${server} \\`,
    `  --ca-fingerprint ${pin} --out ./identity`,
  ].join('\n')
  return `${fields}\n\nGood for one certificate, and shown only now. On the machine that needs it:\n\n${command}`
}

const pinOf = (fingerprint: string): string =>
  fingerprint.startsWith('sha256:') ? fingerprint : `sha256:${fingerprint}`

/** Where clients reach this server, as far as its configuration tells. */
function serverUrl(config: Config): string {
  const { listen, names } = config.server.http
  const host = names[0] ?? 'HOST'
  return `https://${host.includes(':') ? `[${host}]` : host}:${listen === 'off' ? 8443 : listen.port}`
}

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const tokens = await api.value.read('/v1/tokens')
  if (!tokens.ok) return tokens
  const rows = tokens.value.objects('tokens')
  return answer(tokens.value.value, (look) => {
    if (rows.length === 0) return 'no join tokens'
    return renderTable(
      look,
      [
        { title: 'TOKEN' },
        { title: 'ENTRY', shrinks: 'when-narrow' },
        { title: 'STATE' },
        { title: 'EXPIRES' },
      ],
      rows.map((row) => [
        cell(row.text('id')),
        cell(row.text('alias')),
        cell(stateOf(look, row), (text) => paintState(look, text)),
        timeCell(row.text('expiresAt'), look),
      ]),
    )
  })
}

function stateOf(look: Look, token: JsonReader): string {
  if (!token.absent('usedAt')) return 'used'
  const expiresAt = parseInstant(token.text('expiresAt'))
  return expiresAt !== undefined && expiresAt <= look.now ? 'expired' : 'live'
}

async function withdraw(call: Invocation): Promise<Outcome<Answer>> {
  const id = call.word(0) ?? ''
  const api = await call.operator()
  if (!api.ok) return api
  const done = await api.value.remove(`/v1/tokens/${encodeURIComponent(id)}`)
  if (!done.ok) return done
  return answer({ id, withdrawn: true }, (look) => `${look.paint('green', 'withdrawn')} ${id}`)
}

export const tokenCommands: readonly CommandSpec[] = [
  {
    path: 'token create',
    arguments: '<alias>',
    summary: 'make a join token: good for one certificate of one entry',
    options: [
      { flags: '--ttl <duration>', description: 'how long it is good, at most 24h (default: 10m)' },
    ],
    examples: ['capstan token create payments/db --ttl 10m'],
    run: create,
  },
  {
    path: 'token ls',
    summary: 'list join tokens, never their text',
    examples: ['capstan token ls'],
    run: list,
  },
  {
    path: 'token withdraw',
    arguments: '<id>',
    summary: 'take back an unused join token',
    examples: ['capstan token withdraw k3jq5v7n2b6xw4da'],
    run: withdraw,
  },
]
