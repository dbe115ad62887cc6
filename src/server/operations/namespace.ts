import { type Alias, ROOT } from '../../core/alias.js'
import { canonicalize, type Json } from '../../core/canonical-json.js'
import { ok, type Result } from '../../core/result.js'
import type { Clock } from '../../core/time.js'
import type { Cluster } from '../../namespace/cluster.js'
import type { Entry } from '../../namespace/entry.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import { unknown } from '../../namespace/resolve-request.js'
import type { Progress } from '../../namespace/ports.js'
import type { Made } from '../../namespace/propose.js'
import { placeOf } from '../../namespace/state.js'
import { noWitnesses } from '../../tlog/policy.js'
import type { LogHead } from '../../tlog/ports.js'
import { stateRootOf } from '../../tlog/state-root.js'
import type { VerifierKey } from '../../tlog/verifier-key.js'
import { verifyCheckpoint } from '../../tlog/verify-checkpoint.js'
import type { ProposalJson } from '../http/proposal-shapes.js'
import type { ClusterCheckJson, EntryJson } from '../http/shapes.js'
import type { JsonBody, Operations } from '../operations.js'
import { recordedOperations } from './recorded.js'
import {
  brakeJson,
  changeJson,
  clusterJson,
  entryJson,
  plannedJson,
  proposalJson,
  scopeJson,
  warningsJson,
} from '../views/namespace-views.js'

export interface NamespaceDeps {
  readonly index: GovernedIndex
  readonly clock: Pick<Clock, 'now'>
  /** Verifies the checkpoints of the index log. */
  readonly logKey: VerifierKey
  /** How far is what takes long; `end` when it is over. */
  readonly longWork: { progress(): Progress | undefined; end(): void }
  readonly checkCluster: (
    cluster: Cluster,
    signal: AbortSignal,
  ) => Promise<ClusterCheckJson['checks']>
}

/** Entries shown before somebody else has a turn: about 3 ms. */
const IN_ONE_TURN = 50
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

type Changing =
  'change' | 'brake' | 'signedBrake' | 'submit' | 'apply' | 'checkCluster' | 'verify' | 'progress'
type Named =
  | 'proposals'
  | 'brakes'
  | 'entries'
  | 'entry'
  | 'scopes'
  | 'scope'
  | 'clusters'
  | 'cluster'
  | 'history'

/** The governed namespace: read, changed, and verified. */
export function namespaceOperations({
  index,
  clock,
  logKey,
  longWork,
  checkCluster,
}: NamespaceDeps): Pick<Operations, Named | Changing> {
  const clusterOf = (alias: Alias): Result<Cluster> => {
    const cluster = index.state.clusterByAlias(alias)
    return cluster?.state === 'active' ? ok(cluster) : unknown('cluster', alias)
  }

  const warningsOf = async (made: readonly Made[]): Promise<ReturnType<typeof warningsJson>> =>
    warningsJson(await index.lookAlikes(made).finally(() => longWork.end()))

  return {
    ...recordedOperations(index),

    async entries({ prefix, after, limit }) {
      const { state } = index
      const [now, entries] = [clock.now(), [] as EntryJson[]]
      let last: Entry | undefined
      for (const entry of state.entriesUnder(prefix, after?.replace(':', ' '))) {
        if (last && entries.length === limit) {
          return ok({ entries, next: placeOf(last).replace(' ', ':') })
        }
        entries.push(entryJson(state, entry, now))
        last = entry
        if (entries.length % IN_ONE_TURN === 0) await nextTurn()
      }
      return ok({ entries })
    },

    entry(alias) {
      const entry = index.state.resolve(alias)
      return Promise.resolve(
        entry ? ok(entryJson(index.state, entry, clock.now())) : unknown('entry', alias),
      )
    },

    scopes() {
      const scopes = [...index.state.scopes.values()].sort(byAlias)
      return done(scopes.map((scope) => scopeJson(index.state, scope, clock.now())))
    },

    scope(alias) {
      const scope = alias === ROOT ? index.state.root : index.state.scopeByAlias(alias)
      return Promise.resolve(
        scope ? ok(scopeJson(index.state, scope, clock.now())) : unknown('scope', alias),
      )
    },

    clusters() {
      const active = [...index.state.clusters.values()].filter(({ state }) => state === 'active')
      return done(active.sort(byAlias).map(clusterJson))
    },

    cluster(alias) {
      const cluster = clusterOf(alias)
      return Promise.resolve(cluster.ok ? ok(clusterJson(cluster.value)) : cluster)
    },

    async change(request, context) {
      aboutAlias(request['alias'], context.about)
      const made = await index.change(request)
      if (!made.ok) return made
      const warnings = await warningsOf([made.value])
      if (made.value.kind === 'changed') {
        return ok({ change: { ...changeJson(made.value.change), ...warnings } })
      }
      const waits = await index.proposal(made.value.proposal)
      return waits.ok ? ok({ waits: { ...proposalJson(waits.value), ...warnings } }) : waits
    },

    async brake(request, context) {
      aboutAlias(request['alias'], context.about)
      const made = await index.brake(request)
      return made.ok ? ok(brakeJson(made.value)) : made
    },

    async signedBrake(envelopes, context) {
      const made = await index.submitBrake(envelopes.map(octetsOf))
      if (!made.ok) return made
      aboutAlias(made.value.subject.alias, context.about)
      return ok(brakeJson(made.value))
    },

    async submit(envelopes, context) {
      const submitted = await index.submit(envelopes.map(octetsOf)).finally(() => longWork.end())
      if (!submitted.ok) return submitted
      const { proposal, changes, suspended = null } = submitted.value
      aboutAlias(proposal.proposal?.subject.alias, context.about)
      return ok({
        proposal: proposalJson(proposal),
        changes: changes.map(changeJson),
        suspended,
      })
    },

    async apply({ document, mode, why }) {
      const planned = index.plan(document)
      if (!planned.ok) return planned
      const changes = planned.value.map(plannedJson)
      if (mode === 'plan') return ok({ changes, applied: null, proposed: null })
      const applied = await index.apply(document, why).finally(() => longWork.end())
      if (!applied.ok) return applied
      const proposed: ProposalJson[] = []
      for (const made of applied.value) {
        if (made.kind === 'changed') continue
        const waits = await index.proposal(made.proposal)
        if (waits.ok) proposed.push(proposalJson(waits.value))
      }
      const done = applied.value.flatMap((made) => (made.kind === 'changed' ? [made.change] : []))
      const warnings = await warningsOf(applied.value)
      return ok({ changes, applied: done.map(changeJson), proposed, ...warnings })
    },

    async checkCluster(alias, { signal }) {
      const cluster = clusterOf(alias)
      if (!cluster.ok) return cluster
      const checks = await checkCluster(cluster.value, signal)
      return ok({ ok: checks.every((check) => check.ok), checks })
    },

    async verify(note) {
      const from = note === undefined ? ok(undefined) : headIn(note, logKey)
      if (!from.ok) return from
      const verified = await index.verify(from.value).finally(() => longWork.end())
      if (!verified.ok) return verified
      const { records, head, root } = verified.value
      return ok({ records, head, root: Buffer.from(root).toString('base64'), ok: true })
    },

    progress: () => ({ progress: longWork.progress() ?? null }),
  }
}

function headIn(note: string, key: VerifierKey): Result<LogHead> {
  const verified = verifyCheckpoint(Buffer.from(note), key, noWitnesses)
  if (!verified.ok) return verified
  const state = stateRootOf(verified.value)
  if (!state.ok) return state
  const { size, root } = verified.value
  return ok({ size, root, ...(state.value && { state: state.value }) })
}

const byAlias = (a: { readonly alias: string }, b: { readonly alias: string }): number =>
  a.alias < b.alias ? -1 : a.alias > b.alias ? 1 : 0

const done = <T>(value: T): Promise<Result<T>> => Promise.resolve(ok(value))

const octetsOf = (envelope: JsonBody): Uint8Array => Buffer.from(canonicalize(envelope), 'utf8')

/** Only what looks like a name gets into the audit line. */
function aboutAlias(alias: Json | undefined, about: (detail: { alias: string }) => void): void {
  if (typeof alias === 'string' && alias.length <= 200) about({ alias })
}
