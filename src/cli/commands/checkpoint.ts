import { parseCheckpoint } from '../../tlog/checkpoint.js'
import { parseNote } from '../../tlog/note.js'
import { toBase64 } from '../../tlog/note-text.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'

/** The media type as a request names it. */
const NOTE_TYPE = 'text/plain'

async function checkpoint(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.octets('/v1/logs/index/checkpoint', NOTE_TYPE)
  if (!found.ok) return found
  const note = parseNote(found.value)
  const read = note.ok ? parseCheckpoint(note.value.text) : note
  if (!read.ok) return refused(read.refusal)
  const { origin, size, root } = read.value
  const text = Buffer.from(found.value).toString()
  return answer({ origin, size, root: toBase64(root), note: text }, () => text)
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

export const checkpointCommands: readonly CommandSpec[] = [
  {
    path: 'checkpoint',
    summary: 'print the latest checkpoint of the index log: its size and root, signed',
    details: [
      'Keep one elsewhere: `capstan index verify --from FILE` finds out later whether the log still goes on from it.',
    ],
    examples: ['capstan checkpoint > checkpoint.txt', 'capstan checkpoint --json'],
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
]
