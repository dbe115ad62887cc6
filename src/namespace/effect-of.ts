import { type Alias, isUnder, parseAlias, ROOT } from '../core/alias.js'
import { linkerdName } from '../core/names.js'
import { type Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { hours, plus, type UnixSeconds, unixSeconds } from '../core/time.js'
import { type Uid } from '../core/uid.js'
import { unreachable } from '../core/unreachable.js'
import { type Binding, bindingOf, selectorsOverlap } from './binding.js'
import { type Cluster, type ClusterFacts } from './cluster.js'
import { ceiling } from './effective-envelope.js'
import { type Entry, entryState } from './entry.js'
import { badRegion, type Envelope, exceeds, normalize } from './envelope.js'
import { type ChangeClass } from './group.js'
import { type Operation } from './operation.js'
import { type Scope } from './scope.js'
import { type Effect, type IndexState, keysOf, obstacle } from './state.js'

/** When and as what a change happens. */
export interface ChangeContext {
  /** The log's time, never a clock's. */
  readonly at: UnixSeconds
  /** Of what the change creates. */
  readonly newUid: Uid
  /** The latest notAfter ever issued to the entry, for changes that give up names; null: never issued. */
  readonly issuedUntil: UnixSeconds | null
}

export interface Decided {
  readonly effect: Effect
  readonly changeClass: ChangeClass
}

/** Between the end of the last certificate under a name and the name's next holder. */
const DRAIN_SKEW = hours(1)
/** And never sooner than this, when anything was ever issued. */
const SHORTEST_DRAIN = hours(25)

/**
 * May this change happen, and what is then so? Pure: the fold and the proposer ask the same
 * question and get the same answer. The class follows from before and after, never from a claim.
 */
export function effectOf(
  state: IndexState,
  operation: Operation,
  context: ChangeContext,
): Result<Decided> {
  switch (operation.op) {
    case 'scope.create':
    case 'scope.suspend':
    case 'scope.reactivate':
    case 'scope.retire':
      return scopeEffect(state, operation, context)
    case 'envelope.set':
      return envelopeEffect(state, operation.subject.uid, operation.body.envelope)
    case 'cluster.register':
    case 'cluster.update':
    case 'cluster.remove':
      return clusterEffect(state, operation, context)
    case 'entry.create':
      return entryCreation(state, operation, context)
    case 'entry.suspend':
    case 'entry.reactivate':
    case 'entry.retire':
    case 'entry.update':
    case 'entry.rename':
    case 'binding.add':
    case 'binding.remove':
      return entryEffect(state, operation, context)
    default:
      return unreachable(operation)
  }
}

type ScopeOperation = Extract<Operation, { op: `scope.${string}` }>

function scopeEffect(
  state: IndexState,
  operation: ScopeOperation,
  context: ChangeContext,
): Result<Decided> {
  if (operation.op === 'scope.create') {
    const { alias } = operation.subject
    const placed = mayPlace(state, alias, operation.body.envelope)
    if (!placed.ok) return placed
    const entry = obstacle(state, `alias:${alias}`, context.newUid, context.at)
    if (entry) return taken(state, `alias:${alias}`, entry)
    const scope: Scope = {
      kind: 'scope',
      uid: context.newUid,
      alias,
      state: 'active',
      rev: 1,
      head: '',
      envelope: normalize(operation.body.envelope),
      group: null,
      createdAt: context.at,
    }
    return decided(scope, 'structural')
  }
  const scope = state.scopes.get(operation.subject.uid)
  if (!scope || scope.state === 'retired') return gone('scope', operation.subject.alias)
  if (scope.alias === ROOT) {
    return refuse('namespace.wrong-state', 'the root scope stays as it is', {
      wanted: 'a scope below the root',
    })
  }
  const next = { ...scope, rev: scope.rev + 1 }
  if (operation.op === 'scope.suspend') return decided({ ...next, state: 'suspended' }, 'narrowing')
  if (operation.op === 'scope.reactivate')
    return decided({ ...next, state: 'active' }, 'structural')
  const inside = firstInside(state, scope.alias, context.at)
  if (inside !== undefined) {
    return refuse('namespace.not-empty', 'the scope is not empty', {
      wanted: 'a scope with nothing left in it',
      found: inside,
      next: `capstan scope tree ${scope.alias}`,
    })
  }
  return decided({ ...next, state: 'retired' }, 'narrowing')
}

function firstInside(state: IndexState, alias: Alias, at: UnixSeconds): string | undefined {
  for (const entry of state.entries.values()) {
    if (isUnder(entry.alias, alias) && entryState(entry, at) !== 'retired')
      return `entry ${entry.alias}`
  }
  for (const scope of state.scopes.values()) {
    const below = scope.alias !== alias && isUnder(scope.alias, alias)
    if (below && scope.state !== 'retired') return `scope ${scope.alias}`
  }
  return undefined
}

/** Is there room for a new scope or entry of this alias, and is its envelope within its parents'? */
function mayPlace(state: IndexState, alias: Alias, envelope: Envelope): Result<undefined> {
  const parsed = parseAlias(alias)
  if (!parsed.ok) return parsed
  const scope = state.scopeByAlias(alias)
  if (scope) {
    return refuse('namespace.exists', 'a scope of this alias exists', {
      found: alias,
      next: `capstan scope show ${alias}`,
    })
  }
  const above = state.scopeAbove(alias)
  if (above.state !== 'active') {
    return refuse('namespace.wrong-state', `the scope ${above.alias} is ${above.state}`, {
      wanted: 'an active scope above it',
    })
  }
  return within(state, alias, envelope)
}

function within(state: IndexState, alias: Alias, envelope: Envelope): Result<undefined> {
  const region = badRegion(envelope)
  if (region !== undefined) {
    return refuse('namespace.bad-alias', 'an envelope holds a region that is no alias', {
      found: region,
    })
  }
  const allowed = ceiling(state, alias)
  const field = exceeds(envelope, allowed)
  if (field === undefined) return ok()
  return refuse(
    'namespace.envelope-exceeds-parent',
    `${field} is wider than the scopes above allow`,
    {
      wanted: `${field} within ${JSON.stringify(allowed[field] ?? null)}`,
      found: JSON.stringify(envelope[field]),
      next: `capstan envelope show ${state.scopeAbove(alias).alias || "''"} --effective`,
    },
  )
}

function envelopeEffect(state: IndexState, uid: Uid, envelope: Envelope): Result<Decided> {
  const object = state.entries.get(uid) ?? state.scopes.get(uid)
  if (!object || object.state === 'retired' || object.state === 'retiring')
    return gone('scope or entry', uid)
  const fits = object.alias === ROOT ? ok() : within(state, object.alias, envelope)
  if (!fits.ok) return fits
  const normal = normalize(envelope)
  const narrower = exceeds(normal, object.envelope) === undefined
  const wider = object.kind === 'entry' ? 'sensitive' : 'structural'
  return decided(
    { ...object, envelope: normal, rev: object.rev + 1 },
    narrower ? 'narrowing' : wider,
  )
}

type ClusterOperation = Extract<Operation, { op: `cluster.${string}` }>

function clusterEffect(
  state: IndexState,
  operation: ClusterOperation,
  context: ChangeContext,
): Result<Decided> {
  if (operation.op === 'cluster.register') {
    const { alias } = operation.subject
    const parsed = parseAlias(alias)
    if (!parsed.ok) return parsed
    if (state.clusterByAlias(alias)) {
      return refuse('namespace.exists', 'a cluster of this alias exists', {
        found: alias,
        next: `capstan cluster show ${alias}`,
      })
    }
    const told = canBeTold(state, operation.body.cluster, undefined)
    if (!told.ok) return told
    const cluster: Cluster = {
      ...operation.body.cluster,
      kind: 'cluster',
      uid: context.newUid,
      alias,
      state: 'active',
      rev: 1,
      head: '',
      createdAt: context.at,
    }
    return decided(cluster, 'structural')
  }
  const cluster = state.clusters.get(operation.subject.uid)
  if (!cluster || cluster.state === 'retired') return gone('cluster', operation.subject.alias)
  const bound = [...state.entries.values()].find(
    (entry) =>
      entryState(entry, context.at) !== 'retired' &&
      entry.bindings.some((binding) => binding.kind === 'k8s' && binding.cluster === cluster.uid),
  )
  const { kind, uid, alias, rev, head, createdAt } = cluster
  const kept = { kind, uid, alias, head, createdAt, rev: rev + 1 } as const
  if (operation.op === 'cluster.remove') {
    if (bound) return stillBound(bound)
    return decided({ ...cluster, ...kept, state: 'retired' }, 'narrowing')
  }
  const facts = operation.body.cluster
  if (bound && !sameRegion(facts, cluster)) return stillBound(bound)
  const told = canBeTold(state, facts, uid)
  if (!told.ok) return told
  return decided({ ...facts, ...kept, state: 'active' }, 'structural')
}

const stillBound = (entry: Entry) =>
  refuse('namespace.not-empty', 'entries are bound to this cluster, and its names are theirs', {
    found: `entry ${entry.alias}`,
    next: `capstan bind rm ${entry.alias} BINDING`,
  })

const sameRegion = (a: ClusterFacts, b: ClusterFacts): boolean =>
  a.identityTrustDomain === b.identityTrustDomain &&
  a.controlPlaneNamespace === b.controlPlaneNamespace

/** Two clusters whose tokens say the same issuer, with names in one region, could not be told apart. */
function canBeTold(
  state: IndexState,
  facts: ClusterFacts,
  self: Uid | undefined,
): Result<undefined> {
  const twin = [...state.clusters.values()].find(
    (other) =>
      other.uid !== self &&
      other.state === 'active' &&
      other.issuer === facts.issuer &&
      sameRegion(other, facts),
  )
  if (!twin) return ok()
  return refuse(
    'namespace.selector-overlap',
    `its tokens could not be told from those of ${twin.alias}`,
    {
      wanted: 'a token issuer, or an identity trust domain, of its own',
      found: `${facts.issuer} and ${facts.identityTrustDomain}, as ${twin.alias} has`,
      next: 'give the cluster its own identityTrustDomain, or its API server its own issuer',
    },
  )
}

function entryCreation(
  state: IndexState,
  operation: Extract<Operation, { op: 'entry.create' }>,
  { newUid, at }: ChangeContext,
): Result<Decided> {
  const { alias } = operation.subject
  const { body } = operation
  const placed = mayPlace(state, alias, body.envelope)
  if (!placed.ok) return placed
  const entry: Entry = {
    kind: 'entry',
    uid: newUid,
    alias,
    state: 'active',
    rev: 1,
    head: '',
    owner: body.owner,
    envelope: normalize(body.envelope),
    bindings: body.bindings,
    rules: [],
    labels: body.labels,
    ...(body.validUntil !== undefined && { validUntil: body.validUntil }),
    createdAt: at,
  }
  const unique = isUnique(state, entry, at)
  return unique.ok ? decided(entry, 'sensitive') : unique
}

type EntryOperation = Exclude<
  Extract<Operation, { op: `entry.${string}` | `binding.${string}` }>,
  { op: 'entry.create' }
>

function entryEffect(
  state: IndexState,
  operation: EntryOperation,
  context: ChangeContext,
): Result<Decided> {
  const entry = state.entries.get(operation.subject.uid)
  if (!entry) return gone('entry', operation.subject.alias)
  if (entry.state === 'retiring') {
    return refuse('namespace.wrong-state', `the entry ${entry.alias} is retired`, {
      wanted: 'an entry that is active or suspended',
      next: `capstan log ${entry.alias}`,
    })
  }
  const next: Entry = { ...entry, rev: entry.rev + 1 }
  switch (operation.op) {
    case 'entry.suspend':
      return decided({ ...next, state: 'suspended' }, 'narrowing')
    case 'entry.reactivate':
      return decided({ ...next, state: 'active' }, 'sensitive')
    case 'entry.retire':
      return retirement(state, next, context)
    case 'entry.update':
      return update(next, operation.body)
    case 'entry.rename':
      return renaming(state, entry, { ...next, alias: operation.body.to }, context)
    case 'binding.add':
      return bindingAddition(state, next, operation.body.binding, context.at)
    case 'binding.remove':
      return bindingRemoval(state, next, operation.body.binding, context)
    default:
      return unreachable(operation)
  }
}

/** When names under which certificates were issued until `issuedUntil` are free again. */
function drainEnd({ at, issuedUntil }: ChangeContext): UnixSeconds {
  if (issuedUntil === null) return at
  return unixSeconds(Math.max(plus(issuedUntil, DRAIN_SKEW), plus(at, SHORTEST_DRAIN)))
}

function quarantine(keys: readonly string[], uid: Uid, until: UnixSeconds): Effect['quarantine'] {
  return keys.map((key) => [key, { uid, until }] as const)
}

function retirement(state: IndexState, entry: Entry, context: ChangeContext): Result<Decided> {
  const drainUntil = drainEnd(context)
  return ok({
    effect: {
      put: { ...entry, state: 'retiring', drainUntil },
      quarantine: quarantine(keysOf(state, entry), entry.uid, drainUntil),
    },
    changeClass: 'narrowing',
  })
}

function update(
  entry: Entry,
  { owner, labels, validUntil }: Extract<Operation, { op: 'entry.update' }>['body'],
): Result<Decided> {
  const { validUntil: before, ...rest } = entry
  const until = validUntil === undefined ? before : (validUntil ?? undefined)
  const longer = before !== undefined && (until === undefined || until > before)
  return decided(
    {
      ...rest,
      ...(owner && { owner }),
      ...(labels && { labels }),
      ...(until !== undefined && { validUntil: until }),
    },
    longer || owner ? 'sensitive' : 'routine',
  )
}

function renaming(
  state: IndexState,
  before: Entry,
  entry: Entry,
  context: ChangeContext,
): Result<Decided> {
  const placed = mayPlace(state, entry.alias, entry.envelope)
  if (!placed.ok) return placed
  const unique = isUnique(state, entry, context.at)
  if (!unique.ok) return unique
  const kept = new Set(keysOf(state, entry))
  const given = keysOf(state, before).filter((key) => !kept.has(key))
  return ok({
    effect: {
      put: entry,
      quarantine: quarantine(given, entry.uid, drainEnd(context)),
      redirectFrom: before.alias,
    },
    changeClass: 'sensitive',
  })
}

function bindingAddition(
  state: IndexState,
  entry: Entry,
  binding: Binding,
  at: UnixSeconds,
): Result<Decided> {
  if (entry.bindings.some(({ id }) => id === binding.id)) {
    return refuse('namespace.exists', 'the entry has this binding', { found: binding.id })
  }
  const bindings = [...entry.bindings, binding].sort((a, b) => (a.id < b.id ? -1 : 1))
  const bound = { ...entry, bindings }
  const unique = isUnique(state, bound, at)
  return unique.ok ? decided(bound, 'sensitive') : unique
}

function bindingRemoval(
  state: IndexState,
  entry: Entry,
  id: string,
  context: ChangeContext,
): Result<Decided> {
  const bindings = entry.bindings.filter((binding) => binding.id !== id)
  if (bindings.length === entry.bindings.length) {
    return refuse('namespace.unknown', 'the entry has no such binding', {
      wanted: entry.bindings.map((binding) => binding.id).join(', ') || 'an entry with bindings',
      found: id.slice(0, 100),
      next: `capstan entry show ${entry.alias}`,
    })
  }
  const unbound = { ...entry, bindings }
  const kept = new Set(keysOf(state, unbound))
  const given = keysOf(state, entry).filter((key) => !kept.has(key))
  return ok({
    effect: { put: unbound, quarantine: quarantine(given, entry.uid, drainEnd(context)) },
    changeClass: 'narrowing',
  })
}

/** U1 to U4: every name, binding and selector belongs to one entry at a time. */
function isUnique(state: IndexState, entry: Entry, at: UnixSeconds): Result<undefined> {
  for (const binding of entry.bindings) {
    const fits = bindingFits(state, entry, binding)
    if (!fits.ok) return fits
  }
  for (const key of keysOf(state, entry)) {
    const inTheWay = obstacle(state, key, entry.uid, at)
    if (inTheWay) return taken(state, key, inTheWay)
  }
  for (const [binding, holder] of state.vmBindings()) {
    if (holder === entry.uid) continue
    if (entry.bindings.some((own) => selectorsOverlap(own, binding))) {
      return refuse('namespace.selector-overlap', 'one machine could fit two entries', {
        wanted: 'selectors that share a key and no value with every other entry',
        found: `overlaps with ${state.entries.get(holder)?.alias ?? holder}`,
      })
    }
  }
  return ok()
}

function bindingFits(
  state: IndexState,
  entry: Entry,
  binding: Binding,
): Result<
  undefined,
  Refusal<'namespace.unknown' | 'namespace.name-too-long' | 'namespace.malformed'>
> {
  const { id, ...facts } = binding
  if (bindingOf(facts).id !== id)
    return refuse('namespace.malformed', 'a binding is not what its id says')
  if (binding.kind !== 'k8s') return ok()
  const cluster = state.clusters.get(binding.cluster)
  if (cluster?.state !== 'active') return gone('cluster', binding.cluster)
  const dotted = binding.serviceAccount.includes('.')
  if (!dotted && linkerdName(cluster, binding.namespace, binding.serviceAccount) === undefined) {
    return refuse(
      'namespace.name-too-long',
      'its Linkerd name would be longer than 253 characters',
      {
        found: `${entry.alias}: ${binding.namespace}/${binding.serviceAccount}`,
      },
    )
  }
  return ok()
}

function taken(
  state: IndexState,
  key: string,
  { kind, by, until }: NonNullable<ReturnType<typeof obstacle>>,
): Result<never> {
  const holder = state.entries.get(by)?.alias ?? by
  const [what, name] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)]
  if (kind === 'quarantined') {
    return refuse(
      what === 'alias' ? 'namespace.alias-quarantined' : 'namespace.binding-quarantined',
      `certificates of ${holder} may still carry ${name}`,
      {
        wanted: `a time after ${until === undefined ? 'its drain' : new Date(until * 1000).toISOString()}`,
        found: name,
        next: 'wait, or choose another name',
      },
    )
  }
  if (what === 'alias') {
    return refuse('namespace.alias-taken', 'an entry of this alias exists', {
      found: name,
      next: `capstan entry show ${name}`,
    })
  }
  if (what === 'name') {
    return refuse('namespace.identity-collision', `the name ${name} belongs to ${holder}`, {
      wanted: 'a name of its own',
      found: name,
      next: 'bind both clusters to one entry, or give the cluster its own identityTrustDomain',
    })
  }
  return refuse('namespace.binding-taken', `${name} is bound to ${holder}`, {
    found: name,
    next: `capstan entry show ${holder}`,
  })
}

const decided = (put: Effect['put'], changeClass: ChangeClass): Result<Decided, never> =>
  ok({ effect: { put, quarantine: [] }, changeClass })

const gone = (kind: string, name: string) =>
  refuse('namespace.unknown', `there is no such ${kind}`, { found: name })
