import { parseInstanceFile } from '../../src/compose/instance-file.js'
import { parseSignedHead } from '../../src/compose/signed-head-file.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { parseSealedKey, renderSealedKey, sealKey, unsealKey } from '../../src/keys/sealed-key.js'
import type { TableName } from '../../src/namespace/state-tables.js'
import { decodeMeta, decodeRow, rowDigest, sqlTables } from '../../src/store/sqlite/index-rows.js'
import { parseLogKeys } from '../../src/tlog/known-logs.js'
import { decodeMapNode, encodeMapNode } from '../../src/tlog/map-node.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { logSigner, witnessSigner } from '../../test/support/note-signers.js'
import { governed, opened } from '../given/governed-index.js'
import { mutateJson, parse } from '../mutate/json.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

/** What stands on the disk, written by whoever can write there; digests of rows fit what they say. */
function run(input: Uint8Array): string {
  const { is = '', of = '', key = '', value } = membersOf(parse(input))
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
  switch (is) {
    case 'row':
      return isTable(of) ? `row of ${of}: ${readOrDamaged(() => row(of, text, key))}` : 'no table'
    case 'meta':
      return readOrDamaged(() => decodeMeta(text, rowDigest('state', '', text)))
    case 'node':
      return node(Buffer.from(text, 'base64'))
    case 'sealed':
      return sealed(text)
    case 'instance':
      return instance(text)
    case 'signed-head':
      return signedHead(text)
    case 'log-keys':
      return logKeys(text)
    default:
      return 'nothing that is stored'
  }
}

const isTable = (name: string): name is TableName => Object.hasOwn(sqlTables, name)

function row(table: TableName, text: string, key: string): unknown {
  const decoded = decodeRow(table, key, text, rowDigest(table, key, text))
  const { uid } = membersOf(decoded) as { uid?: unknown }
  const isObject = ['scopes', 'clusters', 'entries'].includes(table)
  hold(!isObject || uid === key, 'an object is filed under its own uid')
  hold(
    damaged(() => decodeRow(table, key, text, -1)),
    'a row without its digest is none',
  )
  return decoded
}

function readOrDamaged(read: () => unknown): string {
  return damaged(() => {
    hold(read() !== undefined, 'what is read is something')
  })
    ? 'damaged'
    : 'read'
}

/** Is it refused, in the one way that a store refuses? */
function damaged(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch (error) {
    if (error instanceof DependencyError) return true
    throw error
  }
}

function node(octets: Uint8Array): string {
  const read = decodeMapNode(octets)
  if (!read) return 'no node'
  hold(sameOctets(encodeMapNode(read), octets), 'a node has one spelling')
  return `node ${read.kind}`
}

const KEK = Buffer.alloc(32, 1)

function sealed(text: string): string {
  const read = parseSealedKey('k1', Buffer.from(text))
  if (!read.ok) return endingOf(read.refusal)
  const again = parseSealedKey('k1', Buffer.from(renderSealedKey(read.value)))
  hold(again.ok && renderSealedKey(again.value) === renderSealedKey(read.value), 'one spelling')
  const opened = unsealKey(read.value, KEK)
  const same = opened !== undefined && sameOctets(opened, SECRET)
  hold(opened === undefined || same, 'what opens is what was sealed')
  hold(
    opened === undefined || renderSealedKey(read.value) === SEALED,
    'and nothing of it is another',
  )
  return `sealed key, ${opened ? 'opens' : 'does not open'}`
}

function instance(text: string): string {
  const read = parseInstanceFile(text)
  if (!read) return 'no instance'
  hold(typeof read.trustDomain === 'string' && typeof read.voterKey === 'string', 'texts are texts')
  return `instance ${Object.keys(read).length > 4 ? 'with log keys' : 'without'}`
}

function signedHead(text: string): string {
  const read = parseSignedHead(text)
  if (!read) return 'no signed head'
  hold(Number.isSafeInteger(read.size) && read.size >= 0, 'a size is a number of records')
  hold(read.root.length === 32, 'a root is a hash')
  return 'signed head'
}

function logKeys(text: string): string {
  const read = parseLogKeys(Buffer.from(text))
  if (!read.ok) return endingOf(read.refusal)
  const lines = read.value.map(formatVerifierKey)
  const again = parseLogKeys(Buffer.from(lines.join('\n')))
  hold(again.ok && again.value.length === lines.length, 'what is read can be written')
  for (const line of lines) hold(text.includes(line), 'a key is read as it is written')
  return `log keys ${Math.min(lines.length, 3)}`
}

interface Stored {
  readonly is?: string
  readonly of?: string
  readonly key?: string
  readonly value?: unknown
}

function membersOf(value: unknown): Stored {
  if (typeof value !== 'object' || value === null) return {}
  const own = Object.fromEntries(Object.entries(value))
  const text = (name: string) => (typeof own[name] === 'string' ? { [name]: own[name] } : {})
  return { ...own, is: '', of: '', key: '', ...text('is'), ...text('of'), ...text('key') }
}

const SECRET = Buffer.from('a private key, PKCS#8')
const SEALED = renderSealedKey(
  sealKey(
    {
      ...{ ref: 'k1', kind: 'P-256', label: 'issuer', spki: Buffer.from('spki') },
      kek: { kind: 'raw', id: '0123456789abcdef' },
    },
    SECRET,
    KEK,
    (count) => Buffer.alloc(count, 2),
  ),
)

async function seeds(): Promise<readonly Uint8Array[]> {
  const { index } = await opened(await governed())
  const { state } = index
  const rows: Stored[] = []
  const add = (of: TableName, table: { range(): Iterable<readonly [string, unknown]> }): void => {
    for (const [key, value] of table.range()) rows.push({ is: 'row', of, key, value })
  }
  add('scopes', state.scopes)
  add('clusters', state.clusters)
  add('entries', state.entries)
  const leaf = { kind: 'leaf', key: Buffer.alloc(32, 3), value: Buffer.alloc(32, 4) } as const
  const child = { hash: Buffer.alloc(32, 5), place: 7 }
  const inner = { kind: 'inner', bit: 9, left: child, right: { ...child, place: 2 ** 40 } } as const
  const nodes = [leaf, inner].map((one) => Buffer.from(encodeMapNode(one)).toString('base64'))
  const [log, other] = [logSigner('acme.example/index').key, witnessSigner('w.example').key]
  const keys = `# logs\n${formatVerifierKey(log)}\n\n`
  const installed = { v: 1, trustDomain: 'acme.example', voterKey: 'k1', createdAt: 1 }
  const others: Stored[] = [
    ...nodes.map((value) => ({ is: 'node', value })),
    { is: 'sealed', value: SEALED },
    { is: 'sealed', value: parse(Buffer.from(SEALED)) },
    { is: 'instance', value: installed },
    { is: 'instance', value: { ...installed, logKey: 'k2', issuanceKey: 'k3' } },
    { is: 'signed-head', value: { v: 1, size: 7, root: Buffer.alloc(32, 6).toString('base64') } },
    { is: 'log-keys', value: keys },
    { is: 'log-keys', value: `${keys}${formatVerifierKey(other)}\n` },
    { is: 'meta', value: state.source.meta },
    { is: 'row', of: 'waiting', key: '1', value: 1 },
  ]
  return [...rows, ...others].map((one) => Buffer.from(JSON.stringify(one)))
}

export const target: Target = { seeds, mutators: [mutateJson], run }
