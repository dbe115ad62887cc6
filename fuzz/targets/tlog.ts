import { readFileSync } from 'node:fs'
import { unixSeconds } from '../../src/core/time.js'
import { parseCheckpoint } from '../../src/tlog/checkpoint.js'
import { appendLeaves, emptyRange, rangeRoot } from '../../src/tlog/compact-range.js'
import { decodeBundle, encodeBundle } from '../../src/tlog/entry-bundle.js'
import { leafHash, sameHash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { verifyMapProof } from '../../src/tlog/map-proof.js'
import { formatMapProof, parseMapProof } from '../../src/tlog/map-proof-text.js'
import { formatNote, parseNote } from '../../src/tlog/note.js'
import { toBase64 } from '../../src/tlog/note-text.js'
import { isQuorum, parsePolicy, type Policy } from '../../src/tlog/policy.js'
import { formatProof, parseProof, verifyProof } from '../../src/tlog/proof-text.js'
import {
  formatStateProof,
  isStateProof,
  parseStateProof,
  verifyStateProof,
} from '../../src/tlog/state-proof-text.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { bundlePath, parseTilePath, tilePath } from '../../src/tlog/tile.js'
import { formatVerifierKey, parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { authenticate, decide } from '../../src/tlog/witness.js'
import { parseWitnessRequest } from '../../src/tlog/witness-request.js'
import { ReferenceMap } from '../../test/support/reference-map.js'
import { logKey, ORIGIN, signedNote, witnessKey } from '../given/signed-tree.js'
import type { Mutator } from '../mutate/mutator.js'
import { mutateOctets } from '../mutate/octets.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

const policyText = `witness w ${formatVerifierKey(witnessKey)}\nquorum w\n`
const policy = readPolicy(Buffer.from(policyText))

const leaves = Array.from({ length: 8 }, (_, at) => leafHash(Buffer.from(`entry ${at}`)))
const rootAt = (size: number): Uint8Array =>
  rangeRoot(appendLeaves(emptyRange(), leaves.slice(0, size)))
const recorded = { size: 3, root: rootAt(3) }

/** An input is read as each of the formats that it may be one of. */
function run(input: Uint8Array): string {
  const text = Buffer.from(input).toString()
  if (text.startsWith('c2sp.org/')) return `proof: ${readProof(input)}`
  if (isStateProof(input)) return `state: ${readStateProof(input)}`
  if (text.startsWith('capstan/')) return `map: ${readMapProof(input)}`
  if (text.startsWith('old')) return `witness: ${readRequest(input)}`
  if (text.startsWith('tile/')) return `path: ${readPath(text)}`
  if (input[0] === 0) return `bundle: ${readBundle(input)}`
  if (text.includes('quorum')) return `policy: ${readRules(input)}`
  return text.includes('\n') ? `note: ${readNote(input)}` : `key: ${readKey(text)}`
}

const asWritten = (text: string, input: Uint8Array): void =>
  hold(sameOctets(Buffer.from(text), input), 'what is read of a log has one spelling')

function readNote(input: Uint8Array): string {
  const note = parseNote(input)
  if (!note.ok) return endingOf(note.refusal)
  asWritten(formatNote(note.value), input)
  const { text } = note.value
  const verified = verifyCheckpoint(input, logKey, policy)
  if (!verified.ok) return endingOf(verified.refusal)
  const [origin, size] = text.split('\n')
  const { value } = verified
  hold(value.origin === ORIGIN && origin === ORIGIN, 'a checkpoint is of its log')
  hold(String(value.size) === size, 'a checkpoint says what is signed')
  hold(value.cosignatures.length === 1, 'a quorum has signed')
  return 'verified'
}

function readProof(input: Uint8Array): string {
  const proof = parseProof(input)
  if (!proof.ok) return endingOf(proof.refusal)
  asWritten(formatProof(proof.value), input)
  const { index } = proof.value
  const ends = leaves.map((leaf, at) => {
    const verified = verifyProof(proof.value, leaf, logKey, policy)
    const isOurs = verified.ok && verified.value.size <= 8
    if (isOurs && sameHash(verified.value.root, rootAt(verified.value.size))) {
      hold(index === at, 'a leaf is proven in its place')
    }
    return verified.ok ? 'verified' : endingOf(verified.refusal)
  })
  return [...new Set(ends)].sort().join(', ')
}

const vectors = new URL('../../docs/format/vectors/tlog-map.json', import.meta.url)
const map = JSON.parse(readFileSync(vectors, 'utf8')) as {
  readonly root: string
  readonly entries: readonly { readonly name: string; readonly value: string }[]
  readonly proofs: readonly { readonly proof: string }[]
}
const mapRoot = Buffer.from(map.root, 'hex')
const mapped = new Map(map.entries.map(({ name, value }) => [name, value]))
const mapNames = [...mapped.keys(), 'nobody'].map((name) => ({ name, key: mapKey('alias', name) }))

function readMapProof(input: Uint8Array): string {
  const proof = parseMapProof(input)
  if (!proof.ok) return endingOf(proof.refusal)
  asWritten(formatMapProof(proof.value), input)
  let shown = 0
  for (const { name, key } of mapNames) {
    const found = verifyMapProof(proof.value, mapRoot, key)
    if (!found.ok) continue
    const value = found.value && Buffer.from(found.value).toString('hex')
    hold(value === mapped.get(name), 'a map proof shows what the map has')
    shown += 1
  }
  return shown > 0 ? 'verified' : 'read'
}

const rows = ['payments/api', 'payments/db', 'web', 'web/shop']
const state = new ReferenceMap(
  rows.map((name) => ({ key: mapKey('alias', name), value: leafHash(Buffer.from(name)) })),
)

function readStateProof(input: Uint8Array): string {
  const proof = parseStateProof(input)
  if (!proof.ok) return endingOf(proof.refusal)
  asWritten(formatStateProof(proof.value), input)
  const { table, name } = proof.value.about
  const found = verifyStateProof(proof.value, proof.value.about, logKey, policy)
  if (!found.ok) return endingOf(found.refusal)
  const { checkpoint, value } = found.value
  // The fuzzer signs for any state; of this one it is known what it has.
  if (!checkpoint.extensions.includes(stateLine(state.root))) return 'of another state'
  const has = table === 'alias' && rows.includes(name) ? leafHash(Buffer.from(name)) : undefined
  const isSo = has === undefined ? value === undefined : value !== undefined && sameHash(value, has)
  hold(isSo, 'a state proof shows what the state has')
  return value === undefined ? 'absent' : 'present'
}

function readRequest(input: Uint8Array): string {
  const request = parseWitnessRequest(input)
  if (!request.ok) return endingOf(request.refusal)
  const { oldSize, proof, note } = request.value
  const head = [`old ${oldSize}`, ...proof.map(toBase64), '', ''].join('\n')
  asWritten(head + formatNote(note), input)
  const authentic = authenticate(request.value, (origin) =>
    origin === ORIGIN ? [logKey] : undefined,
  )
  const status = authentic.ok ? '' : String(authentic.answer.status)
  // Decided about whether or not it is authentic: the fuzzer has no key.
  const asked = authentic.ok ? authentic.value : { ...request.value, signed: '' }
  const decision = decide(asked, { ...recorded, at: unixSeconds(1), note: '' }, unixSeconds(1))
  if (decision.kind === 'answer') return `${status} ${decision.answer.status}`
  const { size, root } = decision.head
  hold(oldSize === recorded.size && size >= recorded.size, 'a witness does not go back')
  if (size === recorded.size) hold(sameHash(root, recorded.root), 'a witness signs no fork')
  return `cosigned ${status}`
}

function readPath(path: string): string {
  const named = parseTilePath(path)
  if (!named) return 'none'
  const written = named.kind === 'hashes' ? tilePath(named.tile) : bundlePath(named.bundle)
  hold(written === path, 'what is read of a log has one spelling')
  return named.kind
}

function readBundle(input: Uint8Array): string {
  const ends = [1, 2, 3, 4].map((count) => {
    const read = decodeBundle(input, count)
    if (!read.ok) return endingOf(read.refusal)
    hold(read.value.length === count, 'a bundle has the entries that were asked for')
    hold(sameOctets(encodeBundle(read.value), input), 'a bundle has one spelling')
    return `${count} entries`
  })
  return [...new Set(ends)].sort().join(', ')
}

function readRules(input: Uint8Array): string {
  const read = parsePolicy(input)
  if (!read.ok) return endingOf(read.refusal)
  const keys = read.value.witnesses.map(({ key }) => key)
  hold(isQuorum(read.value, keys), 'all witnesses together are a quorum')
  hold(isQuorum(read.value, []) === (read.value.quorum === undefined), 'nobody is no quorum')
  const publicKeys = [...read.value.logs, ...read.value.witnesses].map(({ key }) =>
    toBase64(key.publicKey),
  )
  hold(new Set(publicKeys).size === publicKeys.length, 'no key stands twice in a policy')
  return 'rules'
}

function readKey(text: string): string {
  const key = parseVerifierKey(text)
  if (!key.ok) return endingOf(key.refusal)
  hold(formatVerifierKey(key.value) === text, 'what is read of a log has one spelling')
  return `type ${key.value.type}`
}

function readPolicy(octets: Uint8Array): Policy {
  const read = parsePolicy(octets)
  if (!read.ok) throw new Error('no policy')
  return read.value
}

/** Changes the text of the last note in the input, and signs it again. */
const mutateAndSign: Mutator = (input, material) => {
  const text = Buffer.from(input).toString()
  const end = text.lastIndexOf('\n\n')
  const begin = text.lastIndexOf('\n\n', end - 1)
  const from = begin === -1 ? 0 : begin + 2
  const old = text.slice(from, end + 1)
  if (end === -1 || !parseCheckpoint(old).ok) return undefined
  const changed = Buffer.from(mutateOctets(Buffer.from(old), material) ?? '').toString()
  return Buffer.concat([Buffer.from(text.slice(0, from)), signedNote(changed)])
}

const checkpointText = (size: number): string => `${ORIGIN}\n${size}\n${toBase64(rootAt(size))}\n`

/** Of rows that there are, and of one that there is not. */
function stateProofs(): readonly string[] {
  const checkpoint = signedNote(`${checkpointText(8)}${stateLine(state.root)}\n`)
  return [...rows, 'nobody'].map((name) => {
    const proof = state.prove(mapKey('alias', name))
    return formatStateProof({ about: { table: 'alias', name }, proof, checkpoint })
  })
}

function seeds(): readonly Uint8Array[] {
  const [l2, l3] = [leaves[2], leaves[3]].map((leaf) => toBase64(leaf ?? Buffer.of()))
  const note = (size: number): string => Buffer.from(signedNote(checkpointText(size))).toString()
  const first = toBase64(rootAt(2))
  return [
    ...[0, 3, 8].map(note),
    `c2sp.org/tlog-proof@v1\nindex 2\n${first}\n\n${note(3)}`,
    `c2sp.org/tlog-proof@v1\nextra YWJj\nindex 0\n\n${note(1)}`,
    `old 3\n\n${note(3)}`,
    `old 3\n${l2 ?? ''}\n${l3 ?? ''}\n${first}\n\n${note(4)}`,
    `old 0\n\n${note(0)}`,
    ...map.proofs.map(({ proof }) => proof),
    ...stateProofs(),
    policyText,
    `# all\nlog ${formatVerifierKey(logKey)} https://a/\nwitness a ${formatVerifierKey(witnessKey)}\ngroup g any a\ngroup h 1 g\nquorum h\n`,
    'quorum none\n',
    formatVerifierKey(logKey),
    formatVerifierKey(witnessKey),
    'tile/0/x001/x234/067',
    'tile/1/000.p/12',
    'tile/entries/273.p/112',
    Buffer.from(encodeBundle([Buffer.of(), Buffer.from('ab')])).toString(),
    Buffer.from(encodeBundle([Buffer.from('a'), Buffer.of(), Buffer.from('b')])).toString(),
  ].map((text) => Buffer.from(text))
}

export const target: Target = { seeds, mutators: [mutateAndSign], run }
