import { renderPem } from '../../core/pem.js'
import { visible } from '../../core/visible.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { certificateIn, serialIn } from '../certificate-file.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { parseSerial, type SerialNumber } from '../../core/serial.js'
import { type Outcome, usage } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import { type Look, paintState } from '../screen/look.js'
import { renderTime } from '../screen/times.js'

async function inspect(call: Invocation): Promise<Outcome<Answer>> {
  const name = call.word(0) ?? '-'
  const octets = await call.file(name)
  if (!octets.ok) return octets
  const der = certificateIn(octets.value)
  if (der === undefined) {
    return usage(`${name} holds no certificate`, { wanted: 'a certificate in PEM or DER' })
  }
  const certificate = renderPem('CERTIFICATE', der)
  const api = await call.operator()
  if (!api.ok) return api
  const report = await api.value.send('/v1/certificates/inspect', { certificate })
  if (!report.ok) return report
  return answer(report.value.value, (look) => renderInspection(look, report.value))
}

function renderInspection(look: Look, report: JsonReader): string {
  const entry = report.optionalObject('entry')
  const verdict = report.text('verdict')
  const fields: readonly Field[] = [
    ['names', report.texts('names')],
    ['serial', report.text('serial')],
    ['issued by us', yes(look, report.flag('issuedByUs'))],
    ['in the ledger', yes(look, report.flag('inLedger'))],
    ['same octets', yes(look, report.flag('matchesLedger'))],
    ['revoked', report.flag('revoked') ? look.paint('red', 'yes') : 'no'],
    [
      'entry',
      entry &&
        `${entry.text('alias')}  ${paintState(look, entry.text('stateNow'))}\n${entry.text('uid')}`,
    ],
    ['binding', report.optional('binding')],
    ['evidence', showValue(report.value['evidence'])],
    ['live', yes(look, report.flag('live'))],
  ]
  return `${look.paint('bold', verdict)}\n\n${renderFields(look, fields)}`
}

const yes = (look: Look, value: boolean): string =>
  value ? look.paint('green', 'yes') : look.paint('yellow', 'no')

/** A text, or an object as `key: value` lines; undefined for nothing. */
function showValue(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return visible(value)
  if (typeof value !== 'object') return visible(JSON.stringify(value))
  return Object.entries(value)
    .map(
      ([key, item]) =>
        `${visible(key)}: ${visible(typeof item === 'string' ? item : JSON.stringify(item))}`,
    )
    .join('\n')
}

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const serial = parseSerial(call.word(0) ?? '')
  if (serial === undefined) return usage('not a serial number', { wanted: '32 hex digits' })
  const api = await call.operator()
  if (!api.ok) return api
  const certificate = await api.value.read(`/v1/certificates/${serial}`)
  if (!certificate.ok) return certificate
  const found = certificate.value
  return answer(found.value, (look) =>
    call.has('pem') ? found.raw('pem') : renderCertificate(look, found),
  )
}

function renderCertificate(look: Look, certificate: JsonReader): string {
  const revocation = certificate.optionalObject('revocation')
  return renderFields(look, [
    ['serial', certificate.text('serial')],
    ['entry', certificate.text('alias')],
    ['uid', certificate.optional('uid')],
    ['issuer', certificate.text('issuer')],
    ['issued', renderTime(certificate.text('issuedAt'), look.now)],
    ['not before', renderTime(certificate.text('notBefore'), look.now)],
    ['not after', renderTime(certificate.text('notAfter'), look.now)],
    ['live', yes(look, certificate.flag('live'))],
    [
      'revoked',
      revocation &&
        look.paint(
          'red',
          `${renderTime(revocation.text('at'), look.now)}, ${revocation.text('reason')}`,
        ),
    ],
    ['renewed from', certificate.optional('parentSerial')],
    ['evidence', showValue(certificate.value['evidence'])],
    ['sha256', certificate.optional('sha256')],
    ['request', certificate.optional('requestId')],
  ])
}

/** By its serial number, or by a file that holds it. */
async function prove(call: Invocation): Promise<Outcome<Answer>> {
  const word = call.word(0) ?? '-'
  const serial = parseSerial(word) ?? (await serialOf(call, word))
  if (typeof serial !== 'string') return serial
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.octets(`/v1/logs/issuance/proof/${serial}`, 'text/plain')
  if (!found.ok) return found
  const proof = Buffer.from(found.value).toString()
  return answer({ serial, proof }, () => proof)
}

async function serialOf(
  call: Invocation,
  file: string,
): Promise<SerialNumber | Exclude<Outcome<never>, { ok: true }>> {
  const octets = await call.file(file)
  if (!octets.ok) return octets
  const der = certificateIn(octets.value)
  const serial = der && serialIn(der)
  if (serial !== undefined) return serial
  return usage(`${file} holds no certificate of ours`, {
    wanted: 'a serial number of 32 hex digits, or a certificate in PEM or DER',
  })
}

export const certReadCommands: readonly CommandSpec[] = [
  {
    path: 'cert inspect',
    arguments: '<file>',
    summary: 'who is this certificate, which entry, was it allowed, is it live',
    details: ['Only the first certificate of the file is looked at: in a chain, the leaf.'],
    examples: ['capstan cert inspect identity/cert.pem', 'cat cert.pem | capstan cert inspect -'],
    run: inspect,
  },
  {
    path: 'cert show',
    arguments: '<serial>',
    summary: 'show one certificate of the ledger',
    options: [{ flags: '--pem', description: 'print the certificate itself' }],
    examples: ['capstan cert show 5f0e8a1b2c3d4e5f60718293a4b5c6d7 --pem'],
    run: show,
  },
  {
    path: 'cert prove',
    arguments: '<serial-or-file>',
    summary: 'print a proof that the issuance log has a certificate',
    details: [
      'Whoever has the text and the certificate needs no server: `capstan verify-proof`, with the issuance key that `capstan status` shows.',
    ],
    examples: [
      'capstan cert prove identity/cert.pem > proof.txt',
      'capstan cert prove 5f0e8a1b2c3d4e5f60718293a4b5c6d7 --json',
    ],
    run: prove,
  },
]
