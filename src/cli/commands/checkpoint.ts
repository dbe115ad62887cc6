import { parseCheckpoint } from '../../tlog/checkpoint.js'
import { parseNote } from '../../tlog/note.js'
import { stateMapTables } from '../../namespace/state-map.js'
import { toBase64 } from '../../tlog/note-text.js'
import { parseRowName } from '../../tlog/state-proof-text.js'
import { stateRootOf } from '../../tlog/state-root.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'

/** The media type as a request names it. */
const NOTE_TYPE = 'text/plain'

async function checkpoint(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const log = call.text('log') ?? 'index'
  const found = await api.value.octets(`/v1/logs/${log}/checkpoint`, NOTE_TYPE)
  if (!found.ok) return found
  const note = parseNote(found.value)
  const read = note.ok ? parseCheckpoint(note.value.text) : note
  if (!read.ok) return refused(read.refusal)
  const state = stateRootOf(read.value)
  if (!state.ok) return refused(state.refusal)
  const { origin, size, root } = read.value
  const text = Buffer.from(found.value).toString()
  const signed = { root: toBase64(root), state: state.value ? toBase64(state.value) : null }
  return answer({ origin, size, ...signed, note: text }, () => text)
}

async function prove(call: Invocation): Promise<Outcome<Answer>> {
  const record = call.word(0) ?? ''
  if (!/^(0|[1-9][0-9]{0,14})$/.test(record)) {
    return usage('not the number of a record', { wanted: 'a number, from 0: capstan log shows it' })
  }
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.octets(`/v1/logs/index/proof/${record}`, NOTE_TYPE)
  if (!found.ok) return found
  const text = Buffer.from(found.value).toString()
  return answer({ record: Number(record), proof: text }, () => text)
}

async function state(call: Invocation): Promise<Outcome<Answer>> {
  const [table, name] = [call.word(0) ?? '', call.word(1) ?? '']
  const known = stateMapTables.find((one) => one === table)
  if (known === undefined || !parseRowName(`${table} ${name}`)) {
    return usage('no row of the state', {
      wanted: `${stateMapTables.join(', ')}, and a name without spaces`,
    })
  }
  const api = await call.operator()
  if (!api.ok) return api
  const path = `/v1/logs/index/state/${table}/${encodeURIComponent(name)}`
  const found = await api.value.octets(path, NOTE_TYPE)
  if (!found.ok) return found
  const proof = Buffer.from(found.value).toString()
  return answer({ table, name, proof }, () => proof)
}

export const checkpointCommands: readonly CommandSpec[] = [
  {
    path: 'checkpoint',
    summary: 'print the latest checkpoint of the index log, or of issuance: size and root, signed',
    details: [
      'Keep one elsewhere: `capstan index verify --from FILE` finds out later whether the log still goes on from it.',
    ],
    options: [
      {
        flags: '--log <log>',
        description: 'which log (default: index)',
        choices: ['index', 'issuance'],
      },
    ],
    examples: [
      'capstan checkpoint > checkpoint.txt',
      'capstan checkpoint --json',
      'capstan checkpoint --log issuance',
    ],
    run: checkpoint,
  },
  {
    path: 'index prove',
    arguments: '<record>',
    summary: 'print a proof that the index log has a record, and the record, in one text',
    details: ['`capstan log` shows the numbers of records. Whoever has the text needs no server.'],
    examples: ['capstan index prove 7 > proof.txt'],
    run: prove,
  },
  {
    path: 'index state',
    arguments: '<table> <name>',
    summary: 'print a proof of what the namespace has under a name now, or that it has nothing',
    details: [
      'Tables: scope, entry and cluster by uid (the digest of its state), alias and name (the uid of who has it).',
      'It is as of the latest checkpoint. Whoever has the text needs no server: `capstan verify-proof`.',
    ],
    examples: ['capstan index state alias shop/web > state.txt'],
    run: state,
  },
]
