import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'
import { openRecoveries, recoveryLine } from './recovery-screen.js'

async function status(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.read('/v1/status')
  if (!found.ok) return found
  return answer(found.value.value, (look) => renderStatus(look, found.value))
}

function renderStatus(look: Look, status: JsonReader): string {
  const index = status.object('index')
  const issuer = status.optionalObject('issuer')
  const solo = index.flag('solo') ? [look.paint('yellow', 'solo: one local voter decides')] : []
  const fields: readonly Field[] = [
    ['RECOVERY', recoveryLines(look, status)],
    ['INCIDENT', incidentLine(look, status)],
    ['trust domain', index.text('trustDomain')],
    ['index', [index.text('id'), ...solo]],
    ['records', String(index.count('size'))],
    ['head', index.text('head')],
    ['log key', index.text('logKey')],
    ['issuance log', issuanceLines(look, status.object('issuance'))],
    ['issuance key', status.object('issuance').text('logKey')],
    ['entries', String(status.count('entries'))],
    ['live leaves', String(status.count('liveCertificates'))],
    ['trust anchors', status.objects('trustAnchors').map((anchor) => authority(look, anchor))],
    ['issuer', issuer ? authority(look, issuer) : look.paint('red', 'none: nothing can be issued')],
    ...status.objects('cosigning').map((one) => witnessField(look, one)),
    ['server', serverLines(status.optionalObject('server'))],
  ]
  return renderFields(look, fields)
}

/** First of all: whoever is not there to see it loses what they decide. */
function recoveryLines(look: Look, status: JsonReader): readonly string[] | undefined {
  const lines = openRecoveries(status).map((one) => look.paint('red', recoveryLine(look, one)))
  return lines.length > 0 ? lines : undefined
}

/** `1 brake is on, 2 emergency grants in use, 1 use to ratify: capstan inbox` */
function incidentLine(look: Look, status: JsonReader): string | undefined {
  // A server of an earlier version does not say.
  const incidents = status.optionalObject('incidents')
  if (!incidents) return undefined
  const said = [
    [incidents.count('brakes'), 'brake on', 'brakes on'],
    [incidents.count('grants'), 'emergency grant in use', 'emergency grants in use'],
    [incidents.count('toRatify'), 'use to ratify', 'uses to ratify'],
  ] as const
  const parts = said.flatMap(([count, one, many]) =>
    count === 0 ? [] : [`${count} ${count === 1 ? one : many}`],
  )
  return parts.length === 0 ? undefined : look.paint('red', `${parts.join(', ')}: capstan inbox`)
}

function witnessField(look: Look, cosigning: JsonReader): Field {
  const lines = cosigning.objects('witnesses').map((witness) => witnessLine(look, witness))
  const quorum = cosigning.flag('quorum')
    ? look.paint('green', 'a quorum has cosigned the latest checkpoint')
    : look.paint('yellow', 'no quorum has cosigned the latest checkpoint')
  return [`witnesses of ${cosigning.text('log')}`, [quorum, ...lines]]
}

function witnessLine(look: Look, witness: JsonReader): string {
  const name = witness.text('name')
  const has = witness.absent('size')
    ? 'nothing yet'
    : `${witness.count('size')} records at ${renderTime(witness.text('at'), look.now)}`
  const behind = witness.optional('behindSince')
  const since = behind === undefined ? '' : `, behind since ${renderTime(behind, look.now)}`
  const fault = witness.optional('fault')
  return `${name}: ${has}${since}${fault === undefined ? '' : look.paint('red', `: ${fault}`)}`
}

function issuanceLines(look: Look, issuance: JsonReader): string {
  const signed = issuance.optionalObject('checkpoint')
  const size = `${issuance.count('size')} certificates`
  if (!signed) return `${size}, none signed yet`
  return `${size}, ${signed.count('size')} signed ${renderTime(signed.text('signedAt'), look.now)}`
}

function authority(look: Look, certificate: JsonReader): string {
  const subject = certificate.optional('subject')
  return `${certificate.text('id')}${subject === undefined ? '' : ` ${subject}`}, until ${renderTime(certificate.text('notAfter'), look.now)}`
}

function serverLines(server: JsonReader | undefined): readonly string[] {
  if (server === undefined || server.absent('listeners')) return ['not running']
  const listeners = server.objects('listeners')
  if (listeners.length === 0) return ['not running']
  return [
    `version ${server.text('version')}, process ${server.count('pid')}`,
    ...listeners.map((listener) => `${listener.text('name')} on ${listener.text('address')}`),
  ]
}

export const statusCommand: CommandSpec = {
  path: 'status',
  summary: 'show the index, the issuer, the trust anchors and the server',
  examples: ['capstan status', 'capstan status --json'],
  run: status,
}
