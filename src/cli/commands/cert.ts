import { parsePem, renderPem } from '../../core/pem.js'
import { visible } from '../../core/visible.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { parseSerial } from '../../core/serial.js'
import { type Outcome, usage } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import { type Look, paintState } from '../screen/look.js'
import { renderTime } from '../screen/times.js'

/** The first certificate of a PEM file, or a DER file, as PEM. */
function certificateIn(octets: Buffer): string | undefined {
  const blocks = parsePem(octets.toString('utf8'))
  const leaf = blocks?.find(({ label }) => label === 'CERTIFICATE')
  if (leaf !== undefined) return renderPem('CERTIFICATE', leaf.der)
  // A DER certificate is a SEQUENCE; what it says is for the server to read.
  return octets[0] === 0x30 ? renderPem('CERTIFICATE', octets) : undefined
}

async function inspect(call: Invocation): Promise<Outcome<Answer>> {
  const name = call.word(0) ?? '-'
  const octets = await call.file(name)
  if (!octets.ok) return octets
  const certificate = certificateIn(octets.value)
  if (certificate === undefined) {
    return usage(`${name} holds no certificate`, { wanted: 'a certificate in PEM or DER' })
  }
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
]
