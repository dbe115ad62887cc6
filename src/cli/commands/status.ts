import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { Outcome } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'

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
    ['trust domain', index.text('trustDomain')],
    ['index', [index.text('id'), ...solo]],
    ['records', String(index.count('size'))],
    ['head', index.text('head')],
    ['log key', index.text('logKey')],
    ['entries', String(status.count('entries'))],
    ['live leaves', String(status.count('liveCertificates'))],
    ['trust anchors', status.objects('trustAnchors').map((anchor) => authority(look, anchor))],
    ['issuer', issuer ? authority(look, issuer) : look.paint('red', 'none: nothing can be issued')],
    ['server', serverLines(status.optionalObject('server'))],
  ]
  return renderFields(look, fields)
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
