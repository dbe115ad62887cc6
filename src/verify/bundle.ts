import { canonicalize, parseCanonical } from '../core/canonical-json.js'
import type { Alias } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { isShapedLike } from '../namespace/change-request.js'
import type { Entry } from '../namespace/entry.js'
import type { DeliberationRecord, LogRecord } from '../namespace/log-record.js'
import type { Scope } from '../namespace/scope.js'
import { bundleSchema } from './bundle-schema.js'

/** Larger than this is neither written nor read: some 300 changes of the scopes above an entry, its rules and splits. */
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
  /**
   * The genesis; two votes, for evidence, and the two proposals where their slots do not say that they are
   * rivals; else the proposal, then the votes that were counted. Of several changes of one object that were proposed together, only the first has them as it is written.
   */
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

/** Statements of several changes of an object that were proposed together are written once. */
export const formatBundle = (bundle: Bundle): Uint8Array =>
  Buffer.from(`${canonicalize(withCommits(bundle, statedOnce))}\n`, 'utf8')

/** Reads the one spelling of a bundle. Nothing is verified yet. */
export function parseBundle(octets: Uint8Array): Result<Bundle, Refusal<'bundle.malformed'>> {
  if (octets.length > MAX_BUNDLE_OCTETS) return malformed(`${octets.length} octets`)
  if (octets.at(-1) !== 0x0a) return malformed('no line feed at the end')
  const parsed = parseCanonical(octets.subarray(0, -1), MAX_BUNDLE_OCTETS)
  if (!parsed.ok) return malformed('not canonical JSON')
  if (!isShapedLike(bundleSchema, parsed.value)) return malformed('members that no bundle has')
  const bundle = withCommits(parsed.value as unknown as Bundle, statedEach)
  const above = bundle.above.flatMap(({ scope }) => scope ?? [])
  const objects = [bundle.entry, bundle.root, ...above, ...(bundle.elsewhere ?? [])]
  const isWhole = objects.every(({ commits }) => commits.every(isStated))
  return isWhole ? ok(bundle) : malformed('a change without its statements')
}

type Commits = readonly ShownCommit[]

function withCommits(bundle: Bundle, change: (commits: Commits) => Commits): Bundle {
  const changed = <T>(shown: ShownObject<T>): ShownObject<T> => ({
    ...shown,
    commits: change(shown.commits),
  })
  const { entry, root, above, elsewhere } = bundle
  return {
    ...bundle,
    entry: changed(entry),
    root: changed(root),
    above: above.map((one) => (one.scope ? { ...one, scope: changed(one.scope) } : one)),
    ...(elsewhere && { elsewhere: elsewhere.map(changed) }),
  }
}

/** The first of these that is of the same proposal. */
const firstOf = (commits: Commits, { prop }: LogRecord): ShownCommit | undefined =>
  commits.find(({ record }) => record.prop === prop)

const statementsOf = ({ envelopes, opened }: Partial<ShownCommit>): string =>
  JSON.stringify([envelopes, opened])

function statedOnce(commits: Commits): Commits {
  return commits.map((commit) => {
    const first = firstOf(commits, commit.record)
    if (!first || first === commit || commit.record.part === undefined) return commit
    if (statementsOf(first) !== statementsOf(commit)) return commit
    const { record, path } = commit
    return { record, path } as ShownCommit
  })
}

/** As it is read, it may name its statements or not. */
const isStated = ({ envelopes }: Partial<ShownCommit>): boolean => envelopes !== undefined

function statedEach(commits: Commits): Commits {
  return commits.map((commit, at) => {
    const { record, path } = commit
    const first = isStated(commit) ? undefined : firstOf(commits.slice(0, at), record)
    if (!first || record.part === undefined) return commit
    const { envelopes, opened } = first
    return { record, path, envelopes, ...(opened && { opened }) }
  })
}

const malformed = (found: string): Result<never, Refusal<'bundle.malformed'>> =>
  refuse('bundle.malformed', 'this is not a bundle', {
    wanted: `canonical JSON as docs/format-bundle.md says, at most ${MAX_BUNDLE_OCTETS} octets`,
    found,
  })
