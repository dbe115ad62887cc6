import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type OperatorApi, segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import { changeOptions, sendChange } from './change.js'
import { envelopeFromOptions, envelopeOptions, renderEnvelope } from './envelope-fields.js'
import { mappingFromFile } from './mapping-file.js'

/** The entry of this alias, else the scope: an alias names one of them. */
async function readSubject(api: OperatorApi, alias: string): Promise<Outcome<JsonReader>> {
  if (alias === '') return api.read(`/v1/scopes/${segment(alias)}`)
  const entry = await api.read(`/v1/entries/${segment(alias)}`)
  if (entry.ok || entry.problem.status !== 404) return entry
  return api.read(`/v1/scopes/${segment(alias)}`)
}

/** An envelope from a YAML or JSON file. */
export const envelopeFromFile = (
  call: Invocation,
  name: string,
): ReturnType<typeof mappingFromFile> => mappingFromFile(call, name, 'envelope')

async function set(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const given = envelopeFromOptions(call)
  if (!given.ok) return given
  const file = call.text('file')
  const fields = Object.keys(given.value)
  if ((file === undefined) === (fields.length === 0)) {
    return usage('what shall the envelope be?', {
      wanted: 'either --file, or the fields to change',
    })
  }
  if (file !== undefined) {
    const envelope = await envelopeFromFile(call, file)
    if (!envelope.ok) return envelope
    return sendChange(call, { op: 'envelope.set', alias: alias.value, envelope: envelope.value })
  }
  const api = await call.operator()
  if (!api.ok) return api
  const subject = await readSubject(api.value, alias.value)
  if (!subject.ok) return subject
  const envelope = { ...subject.value.object('envelope').value, ...given.value }
  return sendChange(call, { op: 'envelope.set', alias: alias.value, envelope })
}

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const subject = await readSubject(api.value, alias.value)
  if (!subject.ok) return subject
  const envelope = subject.value.object(call.has('effective') ? 'effectiveEnvelope' : 'envelope')
  return answer(envelope.value, (look) => renderFields(look, renderEnvelope(envelope.value)))
}

export const envelopeCommands: readonly CommandSpec[] = [
  {
    path: 'envelope set',
    arguments: '<alias>',
    summary: 'set what a scope or an entry may be allowed',
    details: [
      'Fields that are not named keep their value; --file replaces the whole envelope. Narrowing acts at once on everything below.',
    ],
    options: [
      {
        flags: '-f, --file <file>',
        description: 'the whole envelope, as YAML or JSON (- for standard input)',
      },
      ...envelopeOptions,
      ...changeOptions,
    ],
    examples: [
      'capstan envelope set payments --max-ttl 12h --attestors kubernetes',
      'capstan envelope set payments/api --file envelope.yaml --reason "least privilege"',
    ],
    run: set,
  },
  {
    path: 'envelope show',
    arguments: '<alias>',
    summary: 'show an envelope field by field',
    options: [{ flags: '--effective', description: 'what is left after every scope above it' }],
    examples: ['capstan envelope show payments/api --effective', 'capstan envelope show /'],
    run: show,
  },
]
