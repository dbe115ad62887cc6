import type { AttestedFacts } from '../attestation/facts.js'
import { type Alias, isUnder } from '../core/alias.js'
import { canonicalize } from '../core/canonical-json.js'
import type { KeyAlgorithm } from '../core/key-algorithm.js'
import { entryDnsName, linkerdName, spiffeIdOf } from '../core/names.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { seconds, type Seconds, toIso, type UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { unreachable } from '../core/unreachable.js'
import type { Binding } from './binding.js'
import { isBraked } from './brake-mark.js'
import { brakedAbove, effectiveEnvelope, suspendedAbove } from './effective-envelope.js'
import { isUnderEmergency } from './emergency/emergency.js'
import { type Entry, entryState } from './entry.js'
import type { Envelope } from './envelope.js'
import { policyDigestOf } from './policy-digest.js'
import type { IndexState } from './state.js'
import { scopePath } from './scope-path.js'

export interface GrantedName {
  readonly kind: 'dns' | 'uri'
  readonly value: string
}

/** What these facts may have, now. */
export interface Grant {
  readonly entry: Uid
  readonly alias: Alias
  readonly rev: number
  readonly head: string
  /** Id of the binding; null for a join token. */
  readonly binding: string | null
  /** In the order of the SANs: a proxy goes by the first. At least one. */
  readonly names: readonly GrantedName[]
  readonly maxTtl: Seconds
  readonly keyAlgorithms: readonly KeyAlgorithm[]
  readonly usages: readonly ('serverAuth' | 'clientAuth')[]
  /** How long after its end a certificate may still renew. */
  readonly graceAfterExpiry: Seconds
  readonly capabilities: readonly string[]
  /** Of the rules and ceilings in effect for the entry, hex. */
  readonly policyDigest: string
  /** Records of the index log that this is said on. */
  readonly indexSize: number
  /** Canonical JSON for the leaf's identity extension. */
  readonly identity: string
}

export type GrantRefusal = Refusal<
  'grant.no-entry' | 'grant.ambiguous' | 'grant.not-active' | 'grant.braked' | 'grant.not-admitted'
>

/**
 * Facts -> grant: exactly one active entry answers to them, and its effective envelope admits them.
 * Everything a leaf says is computed here, from the index; nothing comes from the request.
 */
export function grantFor(
  state: IndexState,
  facts: AttestedFacts,
  now: UnixSeconds,
  standingOf: StandingOf = standing,
): Result<Grant, GrantRefusal> {
  const found = entryFor(state, facts)
  if (!found.ok) return found
  const { entry, binding } = found.value

  const free = notBraked(state, entry, now)
  if (!free.ok) return free
  const current = entryState(entry, now)
  if (current !== 'active') {
    return refuse('grant.not-active', `the entry ${entry.alias} is ${current}`, {
      wanted: 'an active entry',
      found: current,
      next:
        current === 'suspended'
          ? `capstan entry reactivate ${entry.alias}`
          : `capstan log ${entry.alias}`,
    })
  }

  const stands = standingOf(state, entry, binding)
  if (!stands.ok) return stands
  const maxTtl = longestLife(entry, stands.value.maxTtl, now)
  return maxTtl === stands.value.maxTtl ? stands : ok({ ...stands.value, maxTtl })
}

/** Is there no brake on the entry, nor on a scope above it? One ends by the clock's time alone. */
export function notBraked(
  state: IndexState,
  entry: Entry,
  now: UnixSeconds,
): Result<undefined, Refusal<'grant.braked'>> {
  const isActive = entry.state === 'active' || isUnderEmergency(entry, now)
  const own = isActive && isBraked(entry, now) ? entry : undefined
  const braked = own ?? brakedAbove(state, entry.alias, now)
  if (!braked?.brake) return ok()
  const until = toIso(braked.brake.until)
  const what = `the ${own ? 'entry' : 'scope'} ${braked.alias}`
  return refuse('grant.braked', `a brake is on ${what} until ${until}`, {
    wanted: 'no brake on the entry or on a scope above it',
    found: `until ${until}`,
    next: `it ends by itself; before that: capstan brake lift ${braked.alias}`,
  })
}

/** All of a grant that the index alone says: with another time, only `maxTtl` may be shorter. */
export type StandingOf = (
  state: IndexState,
  entry: Entry,
  binding: Binding | undefined,
) => Result<Grant, GrantRefusal>

export const standing: StandingOf = (state, entry, binding) => {
  const suspended = suspendedAbove(state, entry.alias)
  if (suspended) {
    return refuse('grant.not-active', `the scope ${suspended.alias} is ${suspended.state}`, {
      wanted: 'active scopes above the entry',
      found: suspended.state,
      next: `capstan scope reactivate ${suspended.alias}`,
    })
  }

  const envelope = effectiveEnvelope(state, entry)
  const missing = notAdmitted(envelope, entry, binding)
  if (missing !== undefined) return notAdmittedRefusal(entry, missing)
  const names = namesOf(state, entry, binding, envelope)
  if (names.length === 0) return notAdmittedRefusal(entry, 'sanKinds')

  const policyDigest = policyDigestOf(entry, scopePath(state, entry.alias))
  return ok({
    entry: entry.uid,
    alias: entry.alias,
    rev: entry.rev,
    head: entry.head,
    binding: binding?.id ?? null,
    names,
    maxTtl: seconds(envelope.maxTtl ?? 0),
    keyAlgorithms: envelope.keyAlgs ?? [],
    usages: envelope.usages ?? [],
    graceAfterExpiry: seconds(envelope.graceAfterExpiry ?? 0),
    capabilities: envelope.capabilities ?? [],
    policyDigest,
    indexSize: state.size,
    identity: canonicalize({
      alias: entry.alias,
      binding: binding?.id ?? null,
      head: entry.head,
      index: state.index,
      policyDigest,
      rev: entry.rev,
      size: state.size,
      uid: entry.uid,
    }),
  })
}

interface Found {
  readonly entry: Entry
  /** Undefined for a join token. */
  readonly binding: Binding | undefined
}

function entryFor(
  state: IndexState,
  facts: AttestedFacts,
): Result<Found, Refusal<'grant.no-entry' | 'grant.not-admitted'>> {
  switch (facts.kind) {
    case 'k8s': {
      const entry = state.bindingOwner(facts.cluster, facts.namespace, facts.serviceAccount)
      const binding = entry?.bindings.find(
        (candidate) =>
          candidate.kind === 'k8s' &&
          candidate.cluster === facts.cluster &&
          candidate.namespace === facts.namespace &&
          candidate.serviceAccount === facts.serviceAccount,
      )
      if (entry && binding) return ok({ entry, binding })
      const cluster = state.clusters.get(facts.cluster)?.alias ?? facts.cluster
      const account = `${cluster}/${facts.namespace}/${facts.serviceAccount}`
      return refuse('grant.no-entry', 'no entry is bound to this service account', {
        wanted: 'a service account that an active entry is bound to',
        found: account,
        next: `capstan bind add ALIAS --k8s ${account}`,
      })
    }
    case 'join-token': {
      const entry = state.entries.get(facts.entry)
      return entry ? ok({ entry, binding: undefined }) : noSuchEntry(facts.entry)
    }
    case 'renewal': {
      const entry = state.entries.get(facts.entry)
      if (!entry) return noSuchEntry(facts.entry)
      if (facts.binding === null) return ok({ entry, binding: undefined })
      const binding = entry.bindings.find(({ id }) => id === facts.binding)
      if (binding) return ok({ entry, binding })
      return refuse('grant.not-admitted', 'the binding that this certificate came by is gone', {
        found: facts.binding,
        next: 'enrol again with evidence that the entry is bound to',
      })
    }
    default:
      return unreachable(facts)
  }
}

/** No certificate outlives the entry that it is for. */
function longestLife(entry: Entry, maxTtl: Seconds, now: UnixSeconds): Seconds {
  const { state, validUntil = Infinity, emergency } = entry
  // Nor the grant by which one that is suspended has any.
  const end = state === 'suspended' ? Math.min(validUntil, emergency?.until ?? now) : validUntil
  return end === Infinity ? maxTtl : seconds(Math.min(maxTtl, end - now))
}

const noSuchEntry = (uid: Uid) =>
  refuse('grant.no-entry', 'there is no such entry', { found: uid, next: 'capstan entry ls' })

/** The first field of the effective envelope that stands in the way. */
function notAdmitted(
  envelope: Envelope,
  entry: Entry,
  binding: Binding | undefined,
): keyof Envelope | undefined {
  if (!envelope.attestors?.includes(attestorOf(binding))) return 'attestors'
  if (binding?.kind === 'k8s' && !clusterAllowed(envelope, binding.cluster)) return 'clusters'
  if (!envelope.names?.some((region) => isUnder(entry.alias, region))) return 'names'
  if ((envelope.maxTtl ?? 0) < 1) return 'maxTtl'
  if ((envelope.usages ?? []).length === 0) return 'usages'
  if ((envelope.keyAlgs ?? []).length === 0) return 'keyAlgs'
  return undefined
}

function attestorOf(binding: Binding | undefined): 'kubernetes' | 'join-token' | 'vm' | 'edge' {
  if (binding === undefined) return 'join-token'
  return binding.kind === 'k8s' ? 'kubernetes' : binding.kind
}

const clusterAllowed = ({ clusters }: Envelope, cluster: Uid): boolean =>
  clusters === '*' || clusters?.includes(cluster) === true

const notAdmittedRefusal = (entry: Entry, field: keyof Envelope) =>
  refuse('grant.not-admitted', `the envelope of ${entry.alias} does not allow this`, {
    wanted: `an effective envelope whose ${field} allows it`,
    found: `${field} does not`,
    next: `capstan envelope show ${entry.alias} --effective`,
  })

function namesOf(
  state: IndexState,
  entry: Entry,
  binding: Binding | undefined,
  { sanKinds = [] }: Envelope,
): GrantedName[] {
  const names: GrantedName[] = []
  const add = (kind: GrantedName['kind'], value: string | undefined): void => {
    if (value !== undefined) names.push({ kind, value })
  }
  if (binding?.kind === 'k8s') {
    const cluster = state.clusters.get(binding.cluster)
    if (cluster && sanKinds.includes('dns-linkerd')) {
      add('dns', linkerdName(cluster, binding.namespace, binding.serviceAccount))
    }
    if (sanKinds.includes('spiffe')) add('uri', spiffeIdOf(state.trustDomain, entry.alias))
    return names
  }
  if (sanKinds.includes('spiffe')) add('uri', spiffeIdOf(state.trustDomain, entry.alias))
  if (sanKinds.includes('dns-entry')) add('dns', entryDnsName(state.trustDomain, entry.alias))
  return names
}
