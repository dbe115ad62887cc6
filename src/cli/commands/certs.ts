import { parseSerial } from '../../core/serial.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import { type Look, paintState } from '../screen/look.js'
import { cell, renderTable, timeCell } from '../screen/table.js'
import { parseInstant } from '../screen/times.js'

const DEFAULT_LIMIT = 100
const MOST = 10_000

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const limit = call.text('limit') ?? String(DEFAULT_LIMIT)
  if (!/^[1-9]\d{0,4}$/.test(limit) || Number(limit) > MOST) {
    return usage('--limit is no count', { wanted: `1 to ${MOST}` })
  }
  const api = await call.operator()
  if (!api.ok) return api
  const query = new URLSearchParams({
    ...(alias.value === '' ? {} : { entry: alias.value }),
    ...(call.has('live') ? { live: 'true' } : {}),
    limit,
  })
  const certificates = await api.value.read(`/v1/certificates?${query.toString()}`)
  if (!certificates.ok) return certificates
  const rows = certificates.value.objects('certificates')
  return answer(certificates.value.value, (look) => {
    if (rows.length === 0) return 'no certificates'
    const table = renderTable(
      look,
      [
        { title: 'SERIAL' },
        { title: 'ENTRY', shrinks: 'when-narrow' },
        { title: 'STATE' },
        { title: 'ISSUED' },
        { title: 'EXPIRES' },
      ],
      rows.map((row) => [
        cell(row.text('serial')),
        cell(row.text('alias') || "(the CA's own)"),
        cell(certificateState(look, row), (text) => paintState(look, text)),
        timeCell(row.text('issuedAt'), look),
        timeCell(row.text('notAfter'), look),
      ]),
    )
    return rows.length < Number(limit) ? table : `${table}\nthe newest ${limit}; --limit shows more`
  })
}

/** `live`, `revoked`, `expired`, `not live` (its entry no longer stands). */
function certificateState(look: Look, certificate: JsonReader): string {
  if (!certificate.absent('revocation')) return 'revoked'
  const notAfter = parseInstant(certificate.text('notAfter'))
  if (notAfter !== undefined && notAfter < look.now) return 'expired'
  return certificate.flag('live') ? 'live' : 'not live'
}

async function revoke(call: Invocation): Promise<Outcome<Answer>> {
  const [text, entry] = [call.word(0), call.text('entry')]
  if ((text === undefined) === (entry === undefined)) {
    return usage('what shall be revoked?', { wanted: 'a serial number, or --entry ALIAS' })
  }
  const serial = text === undefined ? undefined : parseSerial(text)
  if (text !== undefined && serial === undefined) {
    return usage('not a serial number', {
      wanted: '32 hex digits, with or without colons',
      found: JSON.stringify(text.slice(0, 80)),
    })
  }
  const reason = call.text('reason')
  const api = await call.operator()
  if (!api.ok) return api
  const done = await api.value.send('/v1/revocations', {
    ...(serial === undefined ? { entry } : { serial }),
    ...(reason === undefined ? {} : { reason }),
  })
  if (!done.ok) return done
  return answer(done.value.value, (look) => {
    const serials = done.value.texts('serials')
    const head = `${look.paint('green', 'revoked')} ${done.value.count('revoked')}`
    return [head, ...serials.map((one) => `  ${one}`)].join('\n')
  })
}

export const certsCommands: readonly CommandSpec[] = [
  {
    path: 'certs',
    arguments: '[alias]',
    summary: 'list issued certificates, newest first',
    options: [
      { flags: '--live', description: 'only those that are neither expired nor revoked' },
      { flags: '--limit <count>', description: `at most this many (default: ${DEFAULT_LIMIT})` },
    ],
    examples: ['capstan certs', 'capstan certs payments/api --live'],
    run: list,
  },
  {
    path: 'certs revoke',
    arguments: '[serial]',
    summary: 'revoke one certificate, or all live ones of an entry',
    details: ['Revoked certificates are on the CRL of their issuer and cannot renew.'],
    options: [
      { flags: '--entry <alias>', description: 'every live certificate of this entry' },
      {
        flags: '--reason <reason>',
        description: 'why, as in the CRL',
        choices: ['unspecified', 'keyCompromise', 'superseded', 'cessationOfOperation'],
      },
    ],
    examples: [
      'capstan certs revoke 5f0e8a1b2c3d4e5f60718293a4b5c6d7 --reason keyCompromise',
      'capstan certs revoke --entry payments/api',
    ],
    run: revoke,
  },
]
