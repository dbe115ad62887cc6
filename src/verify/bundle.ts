import { canonicalize, parseCanonical } from '../core/canonical-json.js'
import type { Alias } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { isShapedLike } from '../namespace/change-request.js'
import type { Entry } from '../namespace/entry.js'
import type { DeliberationRecord, LogRecord } from '../namespace/log-record.js'
import type { Scope } from '../namespace/scope.js'
import { bundleSchema } from './bundle-schema.js'

/** Larger than this is neither written nor read: some 300 changes of the scopes above an entry. */
export const MAX_BUNDLE_OCTETS = 2_097_152

/** A record of the index log, with its way to the root: hashes in base64, from the leaf up. */
export interface ShownRecord<R = LogRecord | DeliberationRecord> {
  readonly record: R
  readonly path: readonly string[]
}

/** A DSSE envelope, as it is stored. */
interface ShownEnvelope {
  readonly payload: string
  readonly payloadType: string
  readonly signatures: readonly { readonly sig: string }[]
}

/** One change of an object, and who wanted it. */
export interface ShownCommit extends ShownRecord<LogRecord> {
  /** The genesis; two votes, for evidence; else the proposal, then the votes that were counted. */
  readonly envelopes: readonly ShownEnvelope[]
  /** Of a change that voters decided about: the record that opened its proposal. */
  readonly opened?: ShownRecord<DeliberationRecord>
}

/** An object as it is: what the state map has the digest of, and who made it so. */
export interface ShownObject<T> {
  readonly state: Omit<T, 'head'>
  /** A map proof: the digest under its uid. */
  readonly proof: string
  /**
   * By revision; the last is the one that made the state. Of a scope all from the first on: its
   * lineage. Only where that does not fit, those that made it what it is.
   */
  readonly commits: readonly ShownCommit[]
}

/** One of the aliases above the entry's. */
export interface ShownAbove {
  readonly alias: Alias
  /** A map proof: who has this alias, if anybody. */
  readonly proof: string
  /** Where a scope has it. */
  readonly scope?: ShownObject<Scope>
}

/** An entry, its scopes and rules, and what proves them: see docs/format-bundle.md. */
export interface Bundle {
  readonly v: 1
  /** Index id, hex. */
  readonly index: string
  /** A signed note. */
  readonly checkpoint: string
  /** The last record that the checkpoint covers: its time is the log's. */
  readonly last: ShownRecord
  readonly entry: ShownObject<Entry>
  /** A map proof: the entry has its alias. */
  readonly alias: string
  readonly root: ShownObject<Scope>
  /** From the root's side down: every alias that the entry's begins with. */
  readonly above: readonly ShownAbove[]
  /** Scopes that are not above the entry now, and whose groups decided something that is shown. */
  readonly elsewhere?: readonly ShownObject<Scope>[]
}

export const formatBundle = (bundle: Bundle): Uint8Array =>
  Buffer.from(`${canonicalize(bundle)}\n`, 'utf8')

/** Reads the one spelling of a bundle. Nothing is verified yet. */
export function parseBundle(octets: Uint8Array): Result<Bundle, Refusal<'bundle.malformed'>> {
  if (octets.length > MAX_BUNDLE_OCTETS) return malformed(`${octets.length} octets`)
  if (octets.at(-1) !== 0x0a) return malformed('no line feed at the end')
  const parsed = parseCanonical(octets.subarray(0, -1), MAX_BUNDLE_OCTETS)
  if (!parsed.ok) return malformed('not canonical JSON')
  if (!isShapedLike(bundleSchema, parsed.value)) return malformed('members that no bundle has')
  return ok(parsed.value as unknown as Bundle)
}

const malformed = (found: string): Result<never, Refusal<'bundle.malformed'>> =>
  refuse('bundle.malformed', 'this is not a bundle', {
    wanted: `canonical JSON as docs/format-bundle.md says, at most ${MAX_BUNDLE_OCTETS} octets`,
    found,
  })
