import { regionPattern } from '../core/alias.js'
import { changeClasses } from '../namespace/group.js'
import { deliberationKinds, recoveryKinds } from '../namespace/log-record.js'
import { instantSeconds, object, uid } from '../namespace/schema-parts.js'
import { storedEntry, storedScope } from './object-schema.js'

/** JSON Schema 2020-12 for a bundle: closed, as what is unknown could be meant to forbid something. */
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const proof = { type: 'string', maxLength: 16_384 }
const anyAlias = { type: 'string', maxLength: 200, pattern: regionPattern() }

const logged = { v: { const: 1 }, seq: count, ts: instantSeconds, epoch: count, prop: digest }
const ofLogged = ['v', 'seq', 'ts', 'epoch', 'prop']

const commitRecord = object(
  {
    ...logged,
    kind: { enum: ['genesis', 'commit', 'evidence', 'brake', 'emergency', ...recoveryKinds] },
    subject: object({ uid, alias: anyAlias }, ['uid', 'alias']),
    rev: count,
    prev: { oneOf: [{ type: 'null' }, digest] },
    chain: { oneOf: [{ type: 'null' }, digest] },
    part: count,
    votes: { type: 'array', maxItems: 64, items: digest },
    class: { enum: changeClasses },
    group: object({ uid, rev: count }, ['uid', 'rev']),
    before: { oneOf: [{ type: 'null' }, digest] },
    after: digest,
    issuedUntil: { oneOf: [{ type: 'null' }, instantSeconds] },
  },
  [
    ...ofLogged,
    ...['kind', 'subject', 'rev', 'prev', 'chain', 'votes', 'class', 'group', 'before', 'after'],
  ],
)

const deliberationRecord = object(
  {
    ...logged,
    kind: { enum: deliberationKinds },
    subject: object({ uid, alias: anyAlias }, ['alias']),
    chain: digest,
    says: digest,
  },
  [...ofLogged, 'kind', 'subject', 'chain', 'says'],
)

const path = {
  type: 'array',
  maxItems: 63,
  items: { type: 'string', minLength: 44, maxLength: 44 },
}
const shown = (record: unknown) => object({ record, path }, ['record', 'path'])

const envelope = object(
  {
    payload: { type: 'string', maxLength: 65_536 },
    payloadType: { type: 'string', maxLength: 100 },
    signatures: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: object({ sig: { type: 'string', maxLength: 100 } }, ['sig']),
    },
  },
  ['payload', 'payloadType', 'signatures'],
)

const commit = object(
  {
    record: commitRecord,
    path,
    envelopes: { type: 'array', minItems: 1, maxItems: 65, items: envelope },
    opened: shown(deliberationRecord),
  },
  ['record', 'path'],
)

const shownObject = (state: unknown) =>
  object({ state, proof, commits: { type: 'array', minItems: 1, maxItems: 1001, items: commit } }, [
    'state',
    'proof',
    'commits',
  ])

export const bundleSchema = object(
  {
    v: { const: 1 },
    index: digest,
    checkpoint: { type: 'string', maxLength: 131_072 },
    last: shown({ oneOf: [commitRecord, deliberationRecord] }),
    entry: shownObject(storedEntry),
    alias: proof,
    root: shownObject(storedScope),
    above: {
      type: 'array',
      maxItems: 7,
      items: object({ alias: anyAlias, proof, scope: shownObject(storedScope) }, [
        'alias',
        'proof',
      ]),
    },
    elsewhere: { type: 'array', minItems: 1, maxItems: 64, items: shownObject(storedScope) },
  },
  ['v', 'index', 'checkpoint', 'last', 'entry', 'alias', 'root', 'above'],
)
