import type { Alias } from '../../src/core/alias.js'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256, sha256Hex } from '../../src/core/uid.js'
import { encodeRecord, type LogRecord } from '../../src/namespace/log-record.js'
import type { Scope } from '../../src/namespace/scope.js'
import { formatMapProof } from '../../src/tlog/map-proof-text.js'
import { proveInclusion } from '../../src/tlog/prove.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import { MemoryLogTree } from '../support/memory-log-tree.js'
import type { IndexState } from '../../src/namespace/state.js'
import type { Hash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { toBase64 } from '../../src/tlog/note-text.js'
import type { NoteSigner } from '../../src/tlog/ports.js'
import { formatSignatureLine } from '../../src/tlog/note.js'
import { cosign, signCheckpoint } from '../../src/tlog/sign-note.js'
import { formatCheckpoint } from '../../src/tlog/checkpoint.js'
import type { UnixSeconds } from '../../src/core/time.js'
import { type Bundle, formatBundle, type ShownRecord } from '../../src/verify/bundle.js'
import {
  type BundleSource,
  madeOrRecovered,
  makeBundle,
  type ShownCommits,
} from '../../src/verify/make-bundle.js'
import { type GivenIndex, valueOf } from '../namespace/given-index.js'
import { logSigner } from '../support/note-signers.js'
import { ReferenceMap } from '../support/reference-map.js'

export const LOG = logSigner('acme.example/index')

type StateOf = Bundle['entry']['state'] | Bundle['root']['state']

/** The state map of docs/format-index-log.md, but for the tables that a bundle needs nothing of. */
export function mapOf(
  state: IndexState,
  instead: readonly StateOf[] = [],
  aliases: Readonly<Record<string, string | null>> = {},
): ReferenceMap {
  const addAlias = (alias: string, uid: string) => {
    const holder = aliases[alias] === undefined ? uid : aliases[alias]
    if (holder !== null) add('alias', alias, ascii(holder))
  }

  const asShown = (object: StateOf): StateOf =>
    instead.find(({ uid }) => uid === object.uid) ?? object
  const rows: { key: Hash; value: Hash }[] = []
  const add = (table: string, name: string, value: Hash) =>
    rows.push({ key: mapKey(table, name), value })
  for (const [, { head: _head, ...stored }] of state.scopes.range()) {
    const scope = asShown(stored)
    add('scope', scope.uid, sha256(canonicalize(scope)))
    if (scope.alias !== '' && scope.state !== 'retired') addAlias(scope.alias, scope.uid)
  }
  for (const [, { head: _head, ...stored }] of state.entries.range()) {
    const entry = asShown(stored)
    add('entry', entry.uid, sha256(canonicalize(entry)))
    if (entry.state !== 'retiring') addAlias(entry.alias, entry.uid)
  }
  return new ReferenceMap(rows)
}

const ascii = (text: string): Hash => Buffer.from(text, 'latin1')

export interface Signing {
  readonly log?: NoteSigner
  readonly origin?: string
  readonly witnesses?: readonly (readonly [NoteSigner, UnixSeconds])[]
  readonly map?: ReferenceMap
  readonly extensions?: readonly string[]
  /** Of a log that colludes: does it show the lineage of its scopes? */
  readonly lineage?: 'whole' | 'cut'
  /** Of the entry. */
  readonly commits?: ShownCommits
}

/** All that a bundle of this index is made of, as it is now. */
export async function sourceOf(given: GivenIndex, signing: Signing = {}): Promise<BundleSource> {
  const { store, index } = given
  const { map = mapOf(index.state) } = signing
  const { size, root } = await store.tree.head()
  const note = await noteOf({ size, root }, map, signing)
  const signed = { size, root, state: map.root, note }
  return {
    state: index.state,
    log: store,
    tree: {
      readTiles: (tiles) => store.tree.readTiles(tiles),
      proveState: (keys) => Promise.resolve({ signed, proofs: keys.map((key) => map.prove(key)) }),
    },
    pace: () => undefined,
    settled: () => Promise.resolve(),
  }
}

async function noteOf(
  { size, root }: TreeHead,
  map: ReferenceMap,
  { log = LOG, witnesses = [], origin = log.key.name, extensions: lines }: Signing,
): Promise<string> {
  const extensions = lines ?? [`state ${toBase64(map.root)}`]
  const checkpoint = { origin, size, root, extensions }
  let note = await signCheckpoint(checkpoint, log)
  for (const [witness, at] of witnesses) {
    note += formatSignatureLine(await cosign(formatCheckpoint(checkpoint), witness, at))
  }
  return note
}

export async function bundleOf(
  given: GivenIndex,
  alias: string,
  signing: Signing = {},
): Promise<Uint8Array> {
  const source = await sourceOf(given, signing)
  return valueOf(await makeBundle(source, alias as Alias, signing.commits))
}

type Shown = Writable<Bundle>

/** Without the lineage of its scopes: as bundles were, and as those are whose lineage does not fit. */
function cutLineage(bundle: Shown): void {
  delete bundle.elsewhere
  for (const scope of [bundle.root, ...bundle.above.flatMap((one) => one.scope ?? [])]) {
    const isShown = madeOrRecovered(scope.state as unknown as Scope)
    scope.commits = scope.commits.filter(({ record }) => isShown(record as unknown as LogRecord))
  }
}

/** The same of octets. */
export const withoutLineage = (octets: Uint8Array): Uint8Array => edited(octets, cutLineage)

/**
 * What a log makes that signs anything: the bundle with something in it changed, in a log and a state
 * that say so too.
 * Without its lineage, unless the signing says that it is shown.
 */
export async function colluding(
  given: GivenIndex,
  octets: Uint8Array,
  edit: (bundle: Writable<Bundle>) => void,
  signing: Signing = {},
): Promise<Uint8Array> {
  const bundle = JSON.parse(Buffer.from(octets).toString('utf8')) as Writable<Bundle>
  if (signing.lineage !== 'whole') cutLineage(bundle)
  edit(bundle)
  const above = bundle.above.flatMap(({ scope }) => (scope ? [scope] : []))
  const elsewhere = bundle.elsewhere ?? []
  const objects = [bundle.entry, bundle.root, ...above, ...elsewhere]
  for (const { state, commits } of objects) {
    commits.at(-1)!.record.after = sha256Hex(canonicalize(state))
  }
  const commits = objects.flatMap((object) => object.commits)
  const shown: Writable<ShownRecord>[] = [
    ...commits,
    ...commits.flatMap(({ opened }) => (opened ? [opened] : [])),
  ]
  const records = given.store.records.map(({ bytes }) => bytes)
  for (const { record } of shown) records[record.seq] = encodeRecord(record)
  bundle.last.record = JSON.parse(
    Buffer.from(records.at(-1)!).toString(),
  ) as typeof bundle.last.record
  const tree = new MemoryLogTree(() => records)
  const { size, root } = await tree.catchUp(records.length)
  for (const one of [...shown, bundle.last]) {
    one.path = (await proveInclusion(tree, { size, root }, one.record.seq)).path.map(toBase64)
  }
  const map =
    signing.map ??
    mapOf(given.index.state, objects.map(({ state }) => state) as unknown as StateOf[])
  const prove = (table: string, name: string) => formatMapProof(map.prove(mapKey(table, name)))
  for (const object of objects) object.proof = prove(object.state.kind, object.state.uid)
  for (const one of bundle.above) one.proof = prove('alias', one.alias)
  bundle.alias = prove('alias', bundle.entry.state.alias)
  bundle.checkpoint = await noteOf({ size, root }, map, signing)
  return formatBundle(bundle as unknown as Bundle)
}

type Json = Record<string, unknown>

/** The bundle with something in it changed, in its one spelling. */
export function edited(octets: Uint8Array, edit: (bundle: Writable<Bundle>) => void): Uint8Array {
  const bundle = JSON.parse(Buffer.from(octets).toString('utf8')) as Json
  edit(bundle as unknown as Writable<Bundle>)
  return formatBundle(bundle as unknown as Bundle)
}

export type Writable<T> = T extends string | number
  ? T
  : T extends readonly (infer U)[]
    ? Writable<U>[]
    : T extends object
      ? { -readonly [K in keyof T]: Writable<T[K]> }
      : T
