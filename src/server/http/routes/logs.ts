import { ok, refuse } from '../../../core/result.js'
import { type StateMapTable, stateMapTables } from '../../../namespace/state-map.js'
import { parseTilePath, type TilePath } from '../../../tlog/tile.js'
import {
  type Parameter,
  RECORDS_IN_A_PAGE,
  recordsParameter,
  serialParameter,
} from '../parameters.js'
import { NOTE_TYPE, OCTETS_TYPE } from '../reply.js'
import { answered, jsonAnswer, type Route, route } from '../route.js'

const tileParameter: Parameter<TilePath> = {
  description:
    'What follows `tile/` in C2SP tlog-tiles: level and number, or `entries` and number; its slashes may stand as they are',
  schema: {
    type: 'string',
    pattern: '^(entries|0|[1-9]\\d?)/(x\\d{3}/){0,5}\\d{3}(\\.p/[1-9]\\d{0,2})?$',
  },
  example: '0/x001/x234/067',
  parse: (text) => {
    const path = parseTilePath(`tile/${text}`)
    if (path) return ok(path)
    return refuse('request.not-found', 'no tile has this name', {
      wanted: 'a path of C2SP tlog-tiles, for example tile/0/000 or tile/entries/000.p/12',
    })
  },
}

const seqParameter: Parameter<number> = {
  description: 'Number of a record, from 0',
  schema: { type: 'string', pattern: '^(0|[1-9][0-9]{0,14})$' },
  example: '7',
  parse: (text) =>
    /^(0|[1-9][0-9]{0,14})$/.test(text)
      ? ok(Number(text))
      : refuse('request.malformed', 'not the number of a record', { wanted: 'a number, from 0' }),
}

const tableParameter: Parameter<StateMapTable> = {
  description: 'Of which the row is: objects by uid, or names by who has them',
  schema: { enum: [...stateMapTables] },
  example: 'alias',
  parse: (text) => {
    const table = stateMapTables.find((name) => name === text)
    if (table !== undefined) return ok(table)
    return refuse('request.malformed', 'the state has no such table', {
      wanted: stateMapTables.join(', '),
    })
  },
}

const nameParameter: Parameter<string> = {
  description: 'A uid, an alias or a projected name, its slashes percent-encoded',
  schema: { type: 'string', pattern: '^[!-~]{1,400}$' },
  example: 'payments/api',
  parse: (text) =>
    /^[!-~]{1,400}$/.test(text)
      ? ok(text)
      : refuse('request.malformed', 'not a name', { wanted: 'at most 400 characters of ASCII' }),
}

const octets = { [OCTETS_TYPE]: null }
const text = { [NOTE_TYPE]: null }

/** The issuance log, in the same way. All of it is for readers: it says who got what, and when. */
const issuanceRoutes: readonly Route[] = [
  route('GET /v1/logs/issuance/checkpoint', 'reader', 'issuanceCheckpoint', {
    summary: 'The latest checkpoint of the issuance log: its size and root, signed',
    answers: [{ status: 200, description: 'A signed note (C2SP tlog-checkpoint)', content: text }],
    use: async (operations) => {
      const note = await operations.issuanceCheckpoint()
      return note.ok ? ok({ status: 200, type: NOTE_TYPE, body: note.value }) : note
    },
  }),
  route('GET /v1/logs/issuance/tile/{tile}', 'reader', 'issuanceTile', {
    summary: 'A tile of the issuance log: hashes of its tree, or records',
    path: { tile: tileParameter },
    answers: [
      {
        status: 200,
        description: 'It never changes; records go when they expire',
        content: octets,
      },
    ],
    use: async (operations, { path }) => {
      const tile = await operations.issuanceTile(path.tile)
      if (!tile.ok) return tile
      return ok({ status: 200, type: OCTETS_TYPE, body: tile.value, caching: 'immutable' })
    },
  }),
  route('GET /v1/logs/issuance/proof/{serial}', 'reader', 'issuanceProof', {
    summary: 'Proof that the latest checkpoint covers a certificate, and its record, in one text',
    path: { serial: serialParameter },
    answers: [{ status: 200, description: 'A proof (C2SP tlog-proof)', content: text }],
    use: async (operations, { path }) => {
      const proof = await operations.issuanceProof(path.serial)
      return proof.ok ? ok({ status: 200, type: NOTE_TYPE, body: proof.value }) : proof
    },
  }),
  route('GET /v1/logs/issuance/records/{seq}', 'reader', 'issuanceRecords', {
    summary: 'Records of the issuance log from a number on, with their certificates and evidence',
    path: { seq: seqParameter },
    query: { limit: recordsParameter },
    answers: [jsonAnswer(200, 'IssuedRecords', 'A page; without those that were pruned')],
    use: (operations, { path, query }) =>
      answered(
        200,
        operations.issuanceRecords({ from: path.seq, limit: query.limit ?? RECORDS_IN_A_PAGE }),
      ),
  }),
]

/**
 * The index log as C2SP tlog-tiles serves logs. Its head is for everybody; records, and hashes that a
 * guessed record could be compared with, are for readers: they name every entry.
 */
export const logRoutes: readonly Route[] = [
  route('GET /v1/logs/index/checkpoint', 'public', 'indexCheckpoint', {
    summary: 'The latest checkpoint of the index log: its size and root, signed',
    answers: [{ status: 200, description: 'A signed note (C2SP tlog-checkpoint)', content: text }],
    use: async (operations) => {
      const note = await operations.checkpoint()
      return note.ok ? ok({ status: 200, type: NOTE_TYPE, body: note.value }) : note
    },
  }),
  route('GET /v1/logs/index/tile/{tile}', 'reader', 'indexTile', {
    summary: 'A tile of the index log: hashes of its tree, or records',
    path: { tile: tileParameter },
    answers: [{ status: 200, description: 'It never changes', content: octets }],
    use: async (operations, { path }) => {
      const tile = await operations.logTile(path.tile)
      if (!tile.ok) return tile
      return ok({ status: 200, type: OCTETS_TYPE, body: tile.value, caching: 'immutable' })
    },
  }),
  route('GET /v1/logs/index/proof/{seq}', 'reader', 'indexProof', {
    summary: 'Proof that the latest checkpoint covers a record, and the record, in one text',
    path: { seq: seqParameter },
    answers: [{ status: 200, description: 'A proof (C2SP tlog-proof)', content: text }],
    use: async (operations, { path }) => {
      const proof = await operations.logProof(path.seq)
      return proof.ok ? ok({ status: 200, type: NOTE_TYPE, body: proof.value }) : proof
    },
  }),
  route('GET /v1/logs/index/records/{seq}', 'reader', 'indexRecords', {
    summary: 'Records of the index log from a number on, with the envelopes that they name',
    path: { seq: seqParameter },
    query: { limit: recordsParameter },
    answers: [jsonAnswer(200, 'IndexRecords', 'A page: all that folding them needs')],
    use: (operations, { path, query }) =>
      answered(
        200,
        operations.indexRecords({ from: path.seq, limit: query.limit ?? RECORDS_IN_A_PAGE }),
      ),
  }),
  route('GET /v1/logs/index/state/{table}/{name}', 'reader', 'indexState', {
    summary: 'What the state has under a name at the latest checkpoint, or that it has nothing',
    path: { table: tableParameter, name: nameParameter },
    answers: [{ status: 200, description: 'A proof of either, in one text', content: text }],
    use: async (operations, { path }) => {
      const proof = await operations.stateProof(path.table, path.name)
      return proof.ok ? ok({ status: 200, type: NOTE_TYPE, body: proof.value }) : proof
    },
  }),
  ...issuanceRoutes,
]
