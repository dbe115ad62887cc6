import { type Alias, parseAlias, ROOT } from '../core/alias.js'
import type { Refusal, RefusalCode } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { toInstant, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { unreachable } from '../core/unreachable.js'
import { type Binding, bindingOf } from './binding.js'
import type { BindingRequest, ChangeRequest } from './change-request.js'
import { ceiling } from './effective-envelope.js'
import { defaultEntryEnvelope, type Envelope, fullEnvelope, meet, normalize } from './envelope.js'
import { completed } from './default-group.js'
import type { Entry } from './entry.js'
import type { Group } from './group.js'
import { normalizeGuard } from './guard/guard.js'
import type { Single } from './operation.js'
import { storedRule, storedSplit } from './rule/stored-rule.js'
import type { Scope } from './scope.js'
import type { GovernedObject, IndexState } from './state.js'
import type { VoterKey } from './voter-key.js'

/** Request -> operation: aliases become uids, and what was left out is filled in. */
export function resolveRequest(state: IndexState, request: ChangeRequest): Result<Single> {
  switch (request.op) {
    case 'scope.create': {
      const alias = parseAlias(request.alias)
      if (!alias.ok) return alias
      const envelope = envelopeFor(state, alias.value, fullEnvelope, request.envelope)
      if (!envelope.ok) return envelope
      return ok({
        op: request.op,
        subject: { alias: alias.value },
        body: { envelope: envelope.value },
      })
    }
    case 'entry.create':
      return entryCreation(state, request)
    case 'scope.suspend':
    case 'scope.reactivate':
    case 'scope.retire':
      return existing(state, 'scope', request.alias, (subject) =>
        ok({ op: request.op, subject, body: {} }),
      )
    case 'entry.suspend':
    case 'entry.reactivate':
    case 'entry.retire':
      return existing(state, 'entry', request.alias, (subject) =>
        ok({ op: request.op, subject, body: {} }),
      )
    case 'entry.update':
      return existing(state, 'entry', request.alias, (subject) => {
        const { owner, labels, validUntil } = request
        const until =
          validUntil === undefined || validUntil === null ? validUntil : toInstant(validUntil)
        const body = {
          ...(owner && { owner }),
          ...(labels && { labels }),
          ...(until !== undefined && { validUntil: until }),
        }
        return ok({ op: request.op, subject, body })
      })
    case 'entry.rename':
      return existing(state, 'entry', request.alias, (subject) => {
        const to = parseAlias(request.to)
        return to.ok ? ok({ op: request.op, subject, body: { to: to.value } }) : to
      })
    case 'binding.add':
      return existing(state, 'entry', request.alias, (subject) => {
        const binding = storedBinding(state, request.binding)
        return binding.ok
          ? ok({ op: request.op, subject, body: { binding: binding.value } })
          : binding
      })
    case 'binding.remove':
      return existing(state, 'entry', request.alias, (subject) =>
        ok({
          op: request.op,
          subject,
          body: { binding: bindingId(state, subject.uid, request.binding) },
        }),
      )
    case 'envelope.set':
      return envelopeSetting(state, request)
    case 'group.set': {
      const scope = request.alias === ROOT ? state.root : state.scopeByAlias(request.alias as Alias)
      if (!scope) return unknown('scope', request.alias)
      const group = completed(request.group, scope.group)
      const signing = canSign(group, state.at)
      if (!signing.ok) return signing
      const subject = { alias: scope.alias, uid: scope.uid }
      return ok({ op: request.op, subject, body: { group } })
    }
    case 'cluster.register': {
      const alias = parseAlias(request.alias)
      if (!alias.ok) return alias
      return ok({
        op: request.op,
        subject: { alias: alias.value },
        body: { cluster: request.cluster },
      })
    }
    case 'cluster.update':
      return existing(state, 'cluster', request.alias, (subject) =>
        ok({ op: request.op, subject, body: { cluster: request.cluster } }),
      )
    case 'cluster.remove':
      return existing(state, 'cluster', request.alias, (subject) =>
        ok({ op: request.op, subject, body: {} }),
      )
    case 'rule.attach':
    case 'rule.replace':
      return existing(state, 'entry', request.alias, (subject) => {
        const rule = storedRule(state, request.rule)
        return rule.ok ? ok({ op: request.op, subject, body: { rule: rule.value } }) : rule
      })
    case 'rule.detach':
      return existing(state, 'entry', request.alias, (subject) =>
        ok({ op: request.op, subject, body: { rule: request.rule } }),
      )
    case 'split.set':
      return existing(state, 'entry', request.alias, (subject) => {
        const split = storedSplit(state, request.split)
        return split.ok ? ok({ op: request.op, subject, body: { split: split.value } }) : split
      })
    case 'split.clear':
      return existing(state, 'entry', request.alias, (subject) =>
        ok({ op: request.op, subject, body: { port: request.port } }),
      )
    case 'brake.lift':
      return existing(
        state,
        isScope(state, request) ? 'scope' : 'entry',
        request.alias,
        (subject) =>
          ok({
            op: request.op,
            subject,
            body: request.rule === undefined ? {} : { rule: request.rule },
          }),
      )
    case 'emergency.ratify':
      return existing(state, 'scope', request.alias, (subject) =>
        ok({ op: request.op, subject, body: { use: request.use } }),
      )
    case 'voter.reinstate':
      return existing(state, 'scope', request.alias, (subject) =>
        ok({ op: request.op, subject, body: { voter: request.voter } }),
      )
    case 'guard.set':
      return existing(state, 'scope', request.alias, (subject) =>
        ok({ op: request.op, subject, body: { guard: normalizeGuard(request.guard) } }),
      )
    case 'guard.clear':
      return existing(state, 'scope', request.alias, (subject) =>
        ok({ op: request.op, subject, body: { guard: request.guard } }),
      )
    default:
      return unreachable(request)
  }
}

/** Looked at when it is asked for, and not when the log is read: keys end by themselves afterwards. */
function canSign(
  { voters }: Pick<Group, 'voters'>,
  at: UnixSeconds,
): Result<undefined, Refusal<'namespace.group-invalid'>> {
  const isOver = ({ until }: VoterKey): boolean => until !== undefined && until <= at
  const mute = voters.find(({ status, keys }) => status === 'active' && keys.every(isOver))
  return mute
    ? refuse('namespace.group-invalid', 'a voter would have no key that signs', {
        reason: 'key_over',
        wanted: 'a key that is not over, for each active voter',
        found: mute.id,
        next: 'capstan voter enrol --add',
      })
    : ok()
}

/** One alias is of a scope, or of an entry. */
const isScope = (state: IndexState, { alias }: { readonly alias: string }): boolean =>
  state.scopeByAlias(alias as Alias) !== undefined

function entryCreation(
  state: IndexState,
  request: Extract<ChangeRequest, { op: 'entry.create' }>,
): Result<Single> {
  const alias = parseAlias(request.alias)
  if (!alias.ok) return alias
  const envelope = envelopeFor(state, alias.value, defaultEntryEnvelope, request.envelope)
  if (!envelope.ok) return envelope
  const bindings: Binding[] = []
  for (const wanted of request.bindings ?? []) {
    const binding = storedBinding(state, wanted)
    if (!binding.ok) return binding
    bindings.push(binding.value)
  }
  return ok({
    op: request.op,
    subject: { alias: alias.value },
    body: {
      owner: request.owner,
      envelope: envelope.value,
      bindings: bindings.sort((a, b) => (a.id < b.id ? -1 : 1)),
      labels: request.labels ?? {},
      ...(request.validUntil !== undefined && { validUntil: toInstant(request.validUntil) }),
    },
  })
}

function envelopeSetting(
  state: IndexState,
  request: Extract<ChangeRequest, { op: 'envelope.set' }>,
): Result<Single> {
  const object = governedBy(state, request.alias)
  if (!object) return unknown('scope or entry', request.alias)
  const patch = withClusterUids(state, request.envelope)
  if (!patch.ok) return patch
  return ok({
    op: request.op,
    subject: { alias: object.alias, uid: object.uid },
    body: { envelope: normalize({ ...object.envelope, ...patch.value }) },
  })
}

/** The scope or entry that holds an envelope under this alias. */
export function governedBy(state: IndexState, alias: string): Scope | Entry | undefined {
  return alias === ROOT
    ? state.root
    : (state.entryByAlias(alias as Alias) ?? state.scopeByAlias(alias as Alias))
}

/** The default, cut down to what is allowed above; and on top of it what was asked for, uncut. */
function envelopeFor(
  state: IndexState,
  alias: Alias,
  preset: Envelope,
  asked: Envelope = {},
): Result<Envelope, Refusal<'namespace.unknown'>> {
  const patch = withClusterUids(state, asked)
  if (!patch.ok) return patch
  return ok(normalize({ ...meet(preset, ceiling(state, alias)), ...patch.value }))
}

function withClusterUids(
  state: IndexState,
  envelope: Envelope,
): Result<Envelope, Refusal<'namespace.unknown'>> {
  if (!Array.isArray(envelope.clusters)) return ok(envelope)
  const uids: Uid[] = []
  for (const named of envelope.clusters as readonly string[]) {
    const cluster = state.clusterByAlias(named as Alias) ?? state.clusters.get(named as Uid)
    if (!cluster) return unknown('cluster', named)
    uids.push(cluster.uid)
  }
  return ok({ ...envelope, clusters: uids })
}

function storedBinding(
  state: IndexState,
  request: BindingRequest,
): Result<Binding, Refusal<'namespace.unknown'>> {
  if (request.kind !== 'k8s') return ok(bindingOf(request))
  const cluster = state.clusterByAlias(request.cluster as Alias)
  if (!cluster) return unknown('cluster', request.cluster)
  const { kind, namespace, serviceAccount } = request
  return ok(bindingOf({ kind, cluster: cluster.uid, namespace, serviceAccount }))
}

/** An id as it is, or `cluster/namespace/serviceAccount` as the id of that binding. */
function bindingId(state: IndexState, entry: Uid, text: string): string {
  const parts = text.split('/')
  const [namespace, serviceAccount] = parts.slice(-2)
  // The alias of a cluster may have several segments.
  const uid = state.clusterByAlias(parts.slice(0, -2).join('/') as Alias)?.uid
  const found = state.entries
    .get(entry)
    ?.bindings.find(
      (binding) =>
        binding.kind === 'k8s' &&
        binding.cluster === uid &&
        binding.namespace === namespace &&
        binding.serviceAccount === serviceAccount,
    )
  return found?.id ?? text
}

function existing(
  state: IndexState,
  kind: GovernedObject['kind'],
  alias: string,
  make: (subject: { alias: Alias; uid: Uid }) => Result<Single>,
): Result<Single> {
  const name = alias as Alias
  const found =
    kind === 'entry'
      ? state.entryByAlias(name)
      : kind === 'scope'
        ? name === ROOT
          ? state.root
          : state.scopeByAlias(name)
        : state.clusterByAlias(name)
  return found ? make({ alias: found.alias, uid: found.uid }) : unknown(kind, alias)
}

export function unknown(
  kind: string,
  alias: string,
): { readonly ok: false; readonly refusal: Refusal<'namespace.unknown' & RefusalCode> } {
  return refuse('namespace.unknown', `there is no such ${kind}`, {
    found: JSON.stringify(alias.slice(0, 200)),
    next: kind === 'cluster' ? 'capstan cluster ls' : 'capstan scope tree',
  })
}
