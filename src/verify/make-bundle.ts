import type { Alias } from '../core/alias.js'
import type { Uid } from '../core/uid.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { LONGEST_USE } from '../namespace/emergency/emergency.js'
import type { Entry } from '../namespace/entry.js'
import { type LogRecord, recoveryKinds } from '../namespace/log-record.js'
import type { IndexLog, Pace } from '../namespace/ports.js'
import type { Scope } from '../namespace/scope.js'
import type { IndexState } from '../namespace/state.js'
import { stateKey } from '../namespace/state-map.js'
import { formatMapProof } from '../tlog/map-proof-text.js'
import type { LogReader, SignedHead } from '../tlog/ports.js'
import { type Bundle, formatBundle, MAX_BUNDLE_OCTETS, type ShownObject } from './bundle.js'
import { NeededChanges } from './needed-revisions.js'
import { isInState } from './proved.js'
import { ShownRecords } from './show-records.js'
import { missingScopes, objectsOf, type Subjects, subjectsOf } from './subjects.js'

/** The index log, its tree, and the state map of its latest checkpoint. */
export interface BundleSource {
  readonly state: IndexState
  readonly log: Pick<IndexLog, 'read'>
  readonly tree: Pick<LogReader, 'readTiles' | 'proveState'>
  /** A bundle may take thousands of records to make. */
  readonly pace: Pace
  /** Resolves when what was appended before is in a checkpoint, where this process signs it. */
  settled(): Promise<void>
}

export type MakeRefusal = Refusal<
  'namespace.unknown' | 'namespace.wrong-state' | 'request.too-large' | 'request.not-found'
>

/** The state moves while its proofs are read: so often is it looked at again. */
const ATTEMPTS = 8

/** Of the changes of the entry: those that made it, its rules and its splits what they are, or all. */
export type ShownCommits = 'needed' | 'all'

/**
 * The bundle of an entry: what it is, where it stands, and who decided so: the lineage of every scope
 * whose group did. Without it where it does not fit: then the log alone vouches for them.
 */
export async function makeBundle(
  source: BundleSource,
  alias: Alias,
  commits: ShownCommits = 'needed',
): Promise<Result<Uint8Array, MakeRefusal>> {
  const changes = new NeededChanges(commits)
  const whole = await bundleOf(source, alias, { changes, scopes: 'lineage' })
  if (!whole.ok) return whole
  const octets = whole.value && formatBundle(whole.value)
  if (octets && octets.length <= MAX_BUNDLE_OCTETS) return ok(octets)
  return withoutLineage(source, alias, changes)
}

/** The same with those changes of the scopes alone that made them what they are. */
async function withoutLineage(
  source: BundleSource,
  alias: Alias,
  changes: NeededChanges,
): Promise<Result<Uint8Array, MakeRefusal>> {
  const bundle = await bundleOf(source, alias, { changes, scopes: 'latest' })
  if (!bundle.ok) return bundle
  return bundle.value ? fitting(bundle.value, changes.which) : notCovered()
}

interface Wanted {
  readonly changes: NeededChanges
  /** Of the scopes: every change, or those that made them what they are. */
  readonly scopes: 'lineage' | 'latest'
}

/** Undefined for a lineage that is too long to be read for one bundle. */
async function bundleOf(
  source: BundleSource,
  alias: Alias,
  wanted: Wanted,
): Promise<Result<Bundle | undefined, MakeRefusal>> {
  const elsewhere = new Set<Uid>()
  for (let attempt = 0; attempt < ATTEMPTS;) {
    await source.settled()
    const found = subjectsOf(source.state, alias, elsewhere)
    if (!found.ok) return found
    if (wanted.scopes === 'lineage' && isTooLong(found.value)) return ok(undefined)
    const proved = await provedSubjects(source, found.value)
    attempt += 1
    if (!proved) continue
    const bundle = await shown(source, found.value, proved, wanted)
    const missing = wanted.scopes === 'lineage' ? missingScopes(source.state, bundle) : []
    if (missing.length === 0) return ok(bundle)
    // Each time there is one more of them at least, and there are not many.
    for (const uid of missing) elsewhere.add(uid)
    attempt = 0
  }
  return notCovered()
}

const notCovered = (): Result<never, MakeRefusal> =>
  refuse('request.not-found', 'no checkpoint covers the entry as it is', {
    next: 'try again in a moment',
  })

/** More records about scopes are not read: they would not fit by far. */
const MOST_SCOPE_RECORDS = 1000

const isTooLong = ({ entry, records }: Subjects): boolean => {
  const all = [...records].map(([uid, numbers]) => (uid === entry.uid ? 0 : numbers.length))
  return all.reduce((sum, one) => sum + one, 0) > MOST_SCOPE_RECORDS
}

interface ProvedSubjects {
  readonly signed: SignedHead
  /** As text. */
  readonly proofs: ReadonlyMap<string, string>
}

/** Undefined where the latest checkpoint is of another moment. */
async function provedSubjects(
  { tree }: BundleSource,
  subjects: Subjects,
): Promise<ProvedSubjects | undefined> {
  const { entry, above } = subjects
  const objects = objectsOf(subjects)
  const rows = [
    ...objects.map(({ kind, uid }) => [kind, uid] as const),
    ...[...above, entry].map(({ alias }) => ['alias' as const, alias] as const),
  ]
  const proved = await tree.proveState(rows.map(([table, name]) => stateKey(table, name)))
  if (!proved) return undefined
  const { size, root: treeRoot, state: stateRoot } = proved.signed
  const head = { size, root: treeRoot, stateRoot }
  const proofs = new Map<string, string>()
  for (const [at, [table, name]] of rows.entries()) {
    const proof = proved.proofs[at]
    if (proof) proofs.set(`${table} ${name}`, formatMapProof(proof))
  }
  const isSame = objects.every(({ head: _head, ...state }) =>
    isInState(head, state, proofs.get(`${state.kind} ${state.uid}`) ?? ''),
  )
  return isSame ? { signed: proved.signed, proofs } : undefined
}

async function shown(
  { state, log, tree, pace }: BundleSource,
  { index, entry, root, above, elsewhere, records }: Subjects,
  { signed, proofs }: ProvedSubjects,
  wanted: Wanted,
): Promise<Bundle> {
  const { proposals } = state.tables
  const show = new ShownRecords({ log, tiles: tree, signed, proposals, pace })
  const proofOf = (table: string, name: string) => proofs.get(`${table} ${name}`) ?? ''
  const object = async <T extends Entry | Scope>(
    { head: _head, ...shownState }: T,
    isWanted: (record: LogRecord) => boolean,
  ): Promise<ShownObject<T>> => ({
    state: shownState,
    proof: proofOf(shownState.kind, shownState.uid),
    commits: await show.commits(records.get(shownState.uid) ?? [], isWanted),
  })
  const scopeOf = (one: Scope) =>
    object(one, wanted.scopes === 'lineage' ? () => true : madeOrRecovered(one))
  // Who decided about each rule and split: the changes that made them are shown too.
  const isNeeded = await wanted.changes.of(entry, () =>
    show.backwards(records.get(entry.uid) ?? []),
  )
  return {
    v: 1,
    index,
    checkpoint: signed.note,
    last: await show.record(signed.size - 1),
    entry: await object(
      entry,
      movedOr((record) => isNeeded(record) || mayHaveReactivated(entry, record)),
    ),
    alias: proofOf('alias', entry.alias),
    root: await scopeOf(root),
    above: await Promise.all(
      above.map(async ({ alias, scope }) => ({
        alias,
        proof: proofOf('alias', alias),
        ...(scope && { scope: await scopeOf(scope) }),
      })),
    ),
    ...(elsewhere.length > 0 && { elsewhere: await Promise.all(elsewhere.map(scopeOf)) }),
  }
}

/** From the first that is wanted on also every move: those who decide where it led said yes. */
function movedOr(isWanted: (record: LogRecord) => boolean): (record: LogRecord) => boolean {
  let before: string | undefined
  return (record) => {
    const { alias } = record.subject
    const isMove = before !== undefined && alias !== before
    if (!isMove && !isWanted(record)) return false
    before = alias
    return true
  }
}

/** The record that made it what it is, and those of its latest recovery: all between start and end. */
export const madeOrRecovered =
  ({ rev, recovery }: Scope) =>
  (record: LogRecord): boolean => {
    if (record.rev === rev) return true
    if (!recovery || record.seq < recovery.record) return false
    const isStep = recoveryKinds.some((kind) => kind === record.kind)
    return isStep || (recovery.finished !== undefined && record.ts <= recovery.finished)
  }

/** The use of a grant from which its mark is: what a mark gives has to be proved. */
const mayHaveReactivated = ({ emergency: mark }: Entry, { kind, ts }: LogRecord): boolean =>
  kind === 'emergency' && mark !== undefined && ts < mark.until && ts >= mark.until - LONGEST_USE

/**
 * Who decided about the entry last must fit, and who used grants on it; the other changes before it
 * are left out where they do not.
 */
function fitting(bundle: Bundle, commits: ShownCommits): Result<Uint8Array, MakeRefusal> {
  const whole = formatBundle(bundle)
  if (whole.length <= MAX_BUNDLE_OCTETS) return ok(whole)
  const { entry } = bundle
  const last = entry.commits.at(-1)
  const few = entry.commits.filter((one) => one === last || one.record.kind === 'emergency')
  const short = formatBundle({ ...bundle, entry: { ...entry, commits: few } })
  if (commits === 'needed' && short.length <= MAX_BUNDLE_OCTETS) return ok(short)
  return refuse('request.too-large', 'the entry and its proofs do not fit in a bundle', {
    wanted: `at most ${MAX_BUNDLE_OCTETS} octets`,
    found: `${(commits === 'all' ? whole : short).length} octets`,
  })
}
