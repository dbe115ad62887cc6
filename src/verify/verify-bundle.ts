import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Seconds, UnixSeconds } from '../core/time.js'
import type { Entry } from '../namespace/entry.js'
import { policyDigestOf } from '../namespace/policy-digest.js'
import type { Scope } from '../namespace/scope.js'
import type { Hash } from '../tlog/hash.js'
import type { Policy } from '../tlog/policy.js'
import type { VerifierKey } from '../tlog/verifier-key.js'
import { stateRootOf } from '../tlog/state-root.js'
import { type CheckpointRefusal, verifyCheckpoint } from '../tlog/verify-checkpoint.js'
import { type Bundle, parseBundle, type ShownObject } from './bundle.js'
import { withKnownClasses } from './class-known.js'
import { type AsOf, asOf, freshUntil, type FreshUntil, isFresh } from './freshness.js'
import { hasLineage, walkLineage } from './lineage.js'
import { genesisIn, logKeyOf, type LogKeyRefusal } from './log-key-of.js'
import { isInOrderOfTime } from './log-time.js'
import { holderInState, isInLog, isInState, notProved, type ProvedHead } from './proved.js'
import { type ProvedScope, scopesAbove } from './scopes-above.js'
import type { CommitContext, CommitRefusal, VerifiedCommit } from './verified-commit.js'
import { isAsBraked } from './verify-brake.js'
import { isAsGranted } from './verify-emergency.js'
import { isAsRecovered } from './verify-recovery.js'
import { headOf, verifyCommits } from './verify-commits.js'
import { areAsVoted, isEachOnce, madeByNobody } from './voted-rules.js'
import { splitsAreAsVoted } from './voted-splits.js'

export interface VerifyOptions {
  /** The index that is meant: the digest of its genesis, hex. */
  readonly indexId: string
  /** The verifier key of its log; the one that its genesis names where it is left out. */
  readonly logKey?: VerifierKey
  /** Which witnesses must have signed too; none where it is left out. */
  readonly policy?: Policy
  readonly now: UnixSeconds
  /** How old the checkpoint may be; however old where it is left out. */
  readonly maxAge?: Seconds
  /** Is it enough that the log says who could decide, where a bundle does not show how that came? */
  readonly trustLog?: boolean
}

/** An entry that is as it says, in the index that was meant. Only `verifyBundle` makes one. */
export interface VerifiedEntry {
  readonly index: string
  /** Name of the log: `acme.example/index`. */
  readonly origin: string
  /** The checkpoint: so many records, with this root. */
  readonly size: number
  readonly root: Hash
  readonly asOf: AsOf
  readonly freshUntil: FreshUntil
  readonly entry: Entry
  /** What certificates of the entry say of these rules and ceilings, hex. */
  readonly policyDigest: string
  /** Every scope above it, the root first. */
  readonly scopes: readonly Scope[]
  /** The changes that the bundle shows: of the entry, then of each scope. */
  readonly commits: readonly VerifiedCommit[]
  /**
   * Who vouches for the groups that decided: every change of them, counted again from the genesis on;
   * or the log alone, which was trusted with it.
   */
  readonly groupsBy: 'genesis' | 'log'
}

export type BundleRefusal =
  | CheckpointRefusal
  | CommitRefusal
  | LogKeyRefusal
  | Refusal<'bundle.malformed' | 'bundle.wrong-index' | 'bundle.stale' | 'bundle.not-counted'>

const NO_WITNESSES: Policy = { logs: [], witnesses: [], groups: [], quorum: undefined }

/**
 * Is this, offline, what the index says of an entry? From the octets alone: the checkpoint is the
 * log's, the state it commits to has the entry and every scope above it, and those who decided about
 * them signed. docs/format-bundle.md says what that does not show.
 */
export function verifyBundle(
  octets: Uint8Array,
  options: VerifyOptions,
): Result<VerifiedEntry, BundleRefusal> {
  const { indexId, policy = NO_WITNESSES, now, maxAge, trustLog = false } = options
  const parsed = parseBundle(octets)
  if (!parsed.ok) return parsed
  const bundle = parsed.value
  if (bundle.index !== indexId) {
    return refuse('bundle.wrong-index', 'this is a bundle of another index', {
      wanted: indexId.slice(0, 64),
      found: bundle.index,
    })
  }
  const key = logKeyOf(options, genesisIn(bundle))
  if (!key.ok) return key
  const checkpoint = verifyCheckpoint(Buffer.from(bundle.checkpoint), key.value, policy)
  if (!checkpoint.ok) return checkpoint
  const stateRoot = stateRootOf(checkpoint.value)
  if (!stateRoot.ok) return stateRoot
  if (!stateRoot.value) return notProved('a state')
  const { origin, size, root, cosignatures } = checkpoint.value
  const head: ProvedHead = { size, root, stateRoot: stateRoot.value }
  const isLast = bundle.last.record.seq === head.size - 1 && isInLog(head, bundle.last)
  if (!isLast) return notProved('the time of the log')
  const time = asOf(cosignatures, policy, bundle.last.record.ts, now)
  const until = freshUntil(time, maxAge)
  const fresh = isFresh(time, until, now)
  if (!fresh.ok) return fresh
  const proved = entryInState(head, bundle, { trustLog })
  if (!proved.ok) return proved
  return ok({ index: indexId, origin, size, root, asOf: time, freshUntil: until, ...proved.value })
}

type EntryInState = Pick<
  VerifiedEntry,
  'entry' | 'policyDigest' | 'scopes' | 'commits' | 'groupsBy'
>
type EntryRefusal = CommitRefusal | Refusal<'bundle.not-counted'>

function entryInState(
  head: ProvedHead,
  bundle: Bundle,
  trust: Pick<VerifyOptions, 'trustLog'>,
): Result<EntryInState, EntryRefusal> {
  const { state, proof } = bundle.entry
  if (!isInState(head, state, proof)) return notProved(`the entry ${state.alias}`)
  const holder = holderInState(head, state.alias, bundle.alias)
  if (!holder.ok) return holder
  if (holder.value !== state.uid) return notProved(`that ${state.alias} is this entry`)
  const scopes = scopesAbove(head, bundle, provedScope)
  if (!scopes.ok) return scopes
  const elsewhere = scopesElsewhere(head, bundle, scopes.value)
  if (!elsewhere.ok) return elsewhere
  const timed = isInOrderOfTime(bundle)
  if (!timed.ok) return timed
  const context = { index: bundle.index, head, scopes: scopes.value }
  const counted = countedCommits(context, bundle, { elsewhere: elsewhere.value, ...trust })
  if (!counted.ok) return counted
  const { groupsBy } = counted.value
  const isOfEntry = ({ subject }: VerifiedCommit) => subject.uid === state.uid
  const classed = withKnownClasses(counted.value.commits.filter(isOfEntry))
  if (!classed.ok) return classed
  const ofEntry = classed.value
  const commits = [...ofEntry, ...counted.value.commits.filter((one) => !isOfEntry(one))]
  if (!isEachOnce(state)) return notProved('that its rules and traffic splits are each there once')
  if (!areAsVoted(state.rules, ofEntry)) {
    return notProved('that its rules are those that were voted about')
  }
  if (!splitsAreAsVoted(state, ofEntry)) {
    return notProved('that its traffic splits are those that were voted about')
  }
  const objects = [bundle.entry.state, ...scopes.value.map(({ scope }) => scope)]
  if (!objects.every((state) => isAsBraked(state, commits))) {
    return notProved('that a brake is what was signed')
  }
  if (!isAsGranted(state, commits)) return notProved('that what a grant gave is what was signed')
  if (!scopes.value.every(({ shown }) => isAsRecovered(shown.state, shown.commits))) {
    return notProved('that a group is the one that was recovered')
  }
  const nobodys = groupsBy === 'genesis' ? madeByNobody(state, ofEntry) : undefined
  if (nobodys !== undefined && trust.trustLog !== true) {
    return notCounted(`who decided about the ${nobodys}, and what it was before`)
  }
  const entry = withHead<Entry>(bundle.entry)
  const above = scopes.value.map(({ scope }) => scope)
  return ok({
    entry,
    policyDigest: policyDigestOf(entry, above),
    scopes: above,
    commits,
    groupsBy: nobodys === undefined ? groupsBy : 'log',
  })
}

/** Scopes that decided about what is shown and are not above the entry: each as it is, and once. */
function scopesElsewhere(
  head: ProvedHead,
  { elsewhere = [] }: Bundle,
  above: readonly ProvedScope[],
): Result<readonly ProvedScope[], CommitRefusal> {
  const known = new Set(above.map(({ scope }) => scope.uid))
  for (const { state, proof } of elsewhere) {
    if (known.has(state.uid) || !isInState(head, state, proof)) {
      return notProved(`the scope ${state.alias}`)
    }
    known.add(state.uid)
  }
  return ok(elsewhere.map(provedScope))
}

interface Counting extends Pick<VerifyOptions, 'trustLog'> {
  readonly elsewhere: readonly ProvedScope[]
}

/**
 * By the groups that there were, from the genesis on. A bundle that does not show how they came to be
 * has no decision in it that could be counted, but by what the log says: that is for whoever asks to say.
 */
function countedCommits(
  context: CommitContext,
  { entry }: Bundle,
  { elsewhere, trustLog }: Counting,
): Result<Pick<VerifiedEntry, 'commits' | 'groupsBy'>, EntryRefusal> {
  const { scopes } = context
  const all = [...scopes, ...elsewhere]
  const shown = [entry, ...scopes.map((above) => above.shown)]
  if (hasLineage(all)) {
    const walked = walkLineage(context, entry, all)
    if (!walked.ok) return walked
    const commits = shown.flatMap((object) => walked.value.get(object) ?? [])
    return ok({ commits, groupsBy: 'genesis' })
  }
  if (trustLog !== true) return notCounted('how its groups came to decide', NO_LINEAGE)
  const commits: VerifiedCommit[] = []
  for (const object of shown) {
    const verified = verifyCommits(context, object)
    if (!verified.ok) return verified
    commits.push(...verified.value)
  }
  return ok({ commits, groupsBy: 'log' })
}

/** Of some index no bundle ever has them: fetching it again, and again, is no way out then. */
const NO_LINEAGE =
  'fetch the bundle again; if it still has none, they are more than fit in it (docs/format-bundle.md): verify the log itself (capstan mirror, capstan index verify), and trust it: --trust-log'

const notCounted = (
  what: string,
  next = 'fetch the bundle again; or trust the log with it: --trust-log',
) =>
  refuse('bundle.not-counted', `the bundle does not show ${what}`, {
    wanted:
      'the changes that made its rules and splits, and of the scopes above it all from the genesis on',
    next,
  })

const provedScope = (shown: ShownObject<Scope>): ProvedScope => ({
  shown,
  scope: withHead<Scope>(shown),
  seq: shown.commits.at(-1)?.record.seq ?? 0,
})

const withHead = <T extends { readonly head: string }>(shown: ShownObject<T>): T =>
  ({ ...shown.state, head: headOf(shown) }) as unknown as T
