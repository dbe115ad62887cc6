import { sign } from 'node:crypto'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256, sha256Hex } from '../../src/core/uid.js'
import { formatCheckpoint } from '../../src/tlog/checkpoint.js'
import { type Hash, leafHash, nodeHash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { formatMapProof } from '../../src/tlog/map-proof-text.js'
import { formatNote } from '../../src/tlog/note.js'
import { toBase64 } from '../../src/tlog/note-text.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { signatureType, verifierKey, type VerifierKey } from '../../src/tlog/verifier-key.js'
import { type Bundle, formatBundle } from '../../src/verify/bundle.js'
import { ReferenceMap } from '../../test/support/reference-map.js'
import { ed25519Pair, spkiOf } from './keys.js'

export type Writable<T> = T extends string | number
  ? T
  : T extends readonly (infer U)[]
    ? Writable<U>[]
    : T extends object
      ? { -readonly [K in keyof T]: Writable<T[K]> }
      : T

const pair = ed25519Pair('colluding')

/** What a log of this name would be verified by, if its own operator forged it. */
export function colludingKey(name: string): VerifierKey {
  const key = verifierKey(name, signatureType.ed25519, spkiOf(pair).subarray(-32))
  if (!key) throw new Error('no key')
  return key
}

/** Records that no bundle shows are of no matter: there are so few in what is searched. */
const MOST_RECORDS = 4096

/**
 * Signs whatever a bundle says: makes a log of its records and a state of its objects, and the proofs
 * anew. Undefined for what has no such shape.
 */
export function colluded(bundle: Writable<Bundle>, origin: string): Uint8Array | undefined {
  try {
    const made = signedAnew(bundle, origin)
    return made && formatBundle(made)
  } catch {
    // A mutation that no log could hold.
    return undefined
  }
}

function signedAnew(bundle: Writable<Bundle>, origin: string): Bundle | undefined {
  const scopes = bundle.above.flatMap(({ scope }) => (scope ? [scope] : []))
  const objects = [bundle.entry, bundle.root, ...scopes, ...(bundle.elsewhere ?? [])]
  for (const { state, commits } of objects) {
    const last = commits.at(-1)
    if (last) last.record.after = sha256Hex(canonicalize(state))
  }
  const commits = objects.flatMap((object) => object.commits)
  const shown = [
    bundle.last,
    ...commits.flatMap((commit) => (commit.opened ? [commit, commit.opened] : [commit])),
  ]
  // The last record of the log may be one of those that the bundle shows anyway.
  const same = shown.slice(1).find(({ record }) => record.seq === bundle.last.record.seq)
  if (same) bundle.last.record = structuredClone(same.record)
  const size = bundle.last.record.seq + 1
  if (!(size > 0 && size <= MOST_RECORDS)) return undefined
  const leaves = Array.from({ length: size }, (_, seq) => leafHash(Buffer.from(`record ${seq}`)))
  for (const { record } of shown) {
    if (record.seq in leaves) leaves[record.seq] = leafHash(Buffer.from(canonicalize(record)))
  }
  for (const one of shown) one.path = pathTo(leaves, one.record.seq).map(toBase64)
  const map = mapOf(bundle, objects)
  const prove = (table: string, name: string) => formatMapProof(map.prove(mapKey(table, name)))
  for (const object of objects) object.proof = prove(object.state.kind, object.state.uid)
  for (const one of bundle.above) one.proof = prove('alias', one.alias)
  bundle.alias = prove('alias', bundle.entry.state.alias)
  const extensions = [stateLine(map.root)]
  const text = formatCheckpoint({ origin, size, root: rootOf(leaves), extensions })
  const { name, id } = colludingKey(origin)
  const signature = sign(null, Buffer.from(text), pair.privateKey)
  bundle.checkpoint = formatNote({ text, signatures: [{ name, id, signature }] })
  return bundle as unknown as Bundle
}

function mapOf(
  bundle: Writable<Bundle>,
  objects: readonly { readonly state: { readonly kind: string; readonly uid: string } }[],
): ReferenceMap {
  const rows = new Map<string, { readonly key: Hash; readonly value: Hash }>()
  const add = (table: string, name: string, value: Hash): void => {
    rows.set(`${table} ${name}`, { key: mapKey(table, name), value })
  }
  for (const { state } of objects) add(state.kind, state.uid, sha256(canonicalize(state)))
  for (const { alias, scope } of bundle.above) {
    if (scope) add('alias', alias, Buffer.from(scope.state.uid, 'latin1'))
  }
  const { alias, uid } = bundle.entry.state
  add('alias', alias, Buffer.from(uid, 'latin1'))
  return new ReferenceMap([...rows.values()])
}

/** RFC 6962, section 2.1: the largest power of two below the number of leaves. */
const leftOf = (count: number): number => 2 ** (31 - Math.clz32(count - 1))

function rootOf(leaves: readonly Hash[]): Hash {
  const [only] = leaves
  if (only && leaves.length === 1) return only
  const left = leftOf(leaves.length)
  return nodeHash(rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)))
}

function pathTo(leaves: readonly Hash[], at: number): readonly Hash[] {
  if (leaves.length === 1) return []
  const left = leftOf(leaves.length)
  const [first, second] = [leaves.slice(0, left), leaves.slice(left)]
  return at < left
    ? [...pathTo(first, at), rootOf(second)]
    : [...pathTo(second, at - left), rootOf(first)]
}
