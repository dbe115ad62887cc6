import { canonicalize } from '../core/canonical-json.js'
import { ok, type Result } from '../core/result.js'
import type { Opened } from '../namespace/dsse.js'
import { authorOf } from '../namespace/fold-deliberation.js'
import { verifyRecord } from '../namespace/fold-record.js'
import { FoldedState } from '../namespace/folded-state.js'
import { encodeRecord, recordHash } from '../namespace/log-record.js'
import { secondOf } from '../namespace/standing.js'
import type { ShownCommit, ShownObject } from './bundle.js'
import { LineageState } from './lineage-state.js'
import { type NotProved, notProved } from './proved.js'
import type { ProvedScope } from './scopes-above.js'
import { scopeThen } from './scope-then.js'
import { openedOf, partsIn, proposalIn } from './statements-read.js'
import type { CommitContext, CommitRefusal, Opening, VerifiedCommit } from './verified-commit.js'
import { areShown, type Governed, isMade, verifyCommit } from './verify-commits.js'
import type { Shown } from './verify-recovery.js'

type ShownGoverned = ShownObject<Governed>

/** Does the bundle show every record about these scopes, from the first on? */
export const hasLineage = (scopes: readonly Pick<ProvedScope, 'shown'>[]): boolean =>
  scopes.every(({ shown: { commits } }) => commits[0]?.record.rev === 1)

/** One more record, or what the record that opened a proposal found: in the order of the log. */
type Step = {
  readonly seq: number
  readonly shown: ShownGoverned
  readonly commit: ShownCommit
} & ({ readonly is: 'opening' } | { readonly is: 'made' })

/**
 * Every change that is shown, counted by those who could decide at its time. It begins with the genesis,
 * which the index id binds, and goes record by record: what the one before left says who decides about
 * the next, and each leaves of a scope what it says. `scopes`: those above the entry, and those whose
 * groups decided elsewhere, all of which show their lineage.
 */
export function walkLineage(
  context: CommitContext,
  entry: ShownGoverned,
  scopes: readonly ProvedScope[],
): Result<ReadonlyMap<ShownGoverned, readonly VerifiedCommit[]>, CommitRefusal> {
  const objects: readonly ShownGoverned[] = [entry, ...scopes.map(({ shown }) => shown)]
  for (const shown of objects) {
    const sound = shown === entry ? keepsItsName(shown) : isUnbroken(shown)
    if (!sound.ok) return sound
    const proved = areShown(context, shown)
    if (!proved.ok) return proved
    if (!isMade(shown)) return notProved(`which record made ${shown.state.uid}`)
  }
  const state = new LineageState()
  const found = new Map<ShownGoverned, Shown[]>(objects.map((shown) => [shown, []]))
  const openings = new Map<ShownCommit, Opening>()
  for (const step of objects.flatMap(stepsOf).sort((a, b) => a.seq - b.seq)) {
    const { commit, shown, is } = step
    if (is === 'opening') {
      const { record } = commit.opened ?? commit
      openings.set(commit, openingOf(state, commit, record.ts))
      continue
    }
    const earlier = found.get(shown) ?? []
    const one = verified(context, state, { step, scopes, earlier, opening: openings.get(commit) })
    if (!one.ok) return one
    earlier.push({ record: commit.record, verified: one.value })
  }
  const isAsItIs = scopes.every(
    ({ shown }) => canonicalize(bare(state, shown)) === canonicalize(shown.state),
  )
  if (!isAsItIs) return notProved('which records made its scopes')
  return ok(
    new Map([...found].map(([shown, all]) => [shown, all.map((each) => each.verified)] as const)),
  )
}

function bare(state: LineageState, { state: { uid } }: ShownGoverned): unknown {
  const scope = state.scopes.get(uid)
  if (!scope) return null
  const { head: _head, ...rest } = scope
  return rest
}

/** Every revision of it, each naming the one before. */
function isUnbroken({ state, commits }: ShownGoverned): Result<undefined, NotProved> {
  let before: string | null = null
  for (const [at, { record }] of commits.entries()) {
    if (record.rev !== at + 1 || record.prev !== before) {
      return notProved(`the lineage of ${state.alias || '/'} before record ${record.seq}`)
    }
    before = recordHash(encodeRecord(record))
  }
  return ok()
}

/** Those who decide about a name decide whether it becomes theirs: no move is left out. */
function keepsItsName({ commits }: ShownGoverned): Result<undefined, NotProved> {
  let before: string | undefined
  for (const commit of commits) {
    const { record } = commit
    const { alias } = record.subject
    const statement = firstOf(commit)
    const change = statement && partsIn(statement)[record.part ?? 0]?.proposal
    const from = change?.op === 'entry.rename' ? change.subject.alias : alias
    if (before !== undefined && from !== before) {
      return notProved(`how ${before} came to be ${from}`)
    }
    before = alias
  }
  return ok()
}

const firstOf = ({ envelopes: [first] }: ShownCommit): Opened | undefined =>
  first && openedOf(first)

/** What voters of several revisions ago were asked stands where they were asked. */
const stepsOf = (shown: ShownGoverned): readonly Step[] =>
  shown.commits.flatMap((commit): readonly Step[] => {
    const { record, opened } = commit
    const asked = opened?.record ?? record
    const opening = { seq: asked.seq, shown, commit, is: 'opening' } as const
    return [opening, { seq: record.seq, shown, commit, is: 'made' }]
  })

function openingOf(
  state: LineageState,
  commit: ShownCommit,
  at: ShownCommit['record']['ts'],
): Opening {
  const statement = firstOf(commit)
  const proposal = statement && proposalIn(statement)
  // Before the genesis there is nobody.
  if (state.index === '' || state.index !== proposal?.index) {
    return { author: undefined, second: undefined }
  }
  const second = secondOf(state, proposal)
  return {
    author: authorOf(state, proposal, at),
    second: second?.scope && { uid: second.scope, rev: second.group.rev },
  }
}

interface OneOf {
  readonly step: Step
  readonly scopes: readonly ProvedScope[]
  readonly earlier: readonly Shown[]
  readonly opening: Opening | undefined
}

function verified(
  context: CommitContext,
  state: LineageState,
  { step: { commit, shown }, scopes, earlier, opening }: OneOf,
): Result<VerifiedCommit, CommitRefusal> {
  const { record } = commit
  const isFirst = record.kind === 'genesis'
  if (isFirst !== (state.index === '')) {
    return notProved(`that record ${record.seq} follows from the genesis`)
  }
  state.before(record)
  const then = { ...context, scopes: scopesThen(state, scopes, record.seq) }
  const one = verifyCommit(
    { ...then, then: { state, ...(opening && { opening }) } },
    commit,
    earlier,
  )
  if (!one.ok) return one
  if (isFirst) return begun(state, commit) ? one : notProved('the genesis')
  if (shown.state.kind !== 'scope') return one
  const made = scopeThen(state, record, envelopesOf(commit))
  if (!made.ok) return made
  state.made({ ...made.value, head: recordHash(encodeRecord(record)) })
  return one
}

const envelopesOf = ({ envelopes }: ShownCommit): readonly Opened[] =>
  envelopes.map(openedOf).filter((envelope) => envelope !== undefined)

/** The scopes that there were, with the number of the record that made each so. */
const scopesThen = (
  state: LineageState,
  scopes: readonly ProvedScope[],
  seq: number,
): readonly ProvedScope[] =>
  scopes.flatMap(({ shown }) => {
    const scope = state.scopes.get(shown.state.uid)
    const made = shown.commits.findLast(({ record }) => record.seq < seq)
    return scope && made ? [{ shown, scope, seq: made.record.seq }] : []
  })

function begun(state: LineageState, { record, envelopes }: ShownCommit): boolean {
  const stored = {
    seq: record.seq,
    bytes: encodeRecord(record),
    envelopes: envelopes.map((envelope) => Buffer.from(canonicalize(envelope))),
  }
  const genesis = verifyRecord(new FoldedState(), stored)
  if (!genesis.ok || genesis.value.outcome.kind !== 'genesis') return false
  const { index, trustDomain, root } = genesis.value.outcome
  state.begin(index, trustDomain, { ...root, head: genesis.value.head })
  return true
}
