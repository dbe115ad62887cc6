import { linkerdName } from '../../core/names.js'
import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { toIso, type UnixSeconds } from '../../core/time.js'
import { type Binding, bindingOf } from '../binding.js'
import type { Entry } from '../entry.js'
import { overlapping } from '../selectors.js'
import { type IndexState, keysOf, obstacle } from '../state.js'
import { gone } from './decision.js'

/** U1 to U4: every name, binding and selector belongs to one entry at a time. */
export function isUnique(state: IndexState, entry: Entry, at: UnixSeconds): Result<undefined> {
  for (const binding of entry.bindings) {
    const fits = bindingFits(state, entry, binding)
    if (!fits.ok) return fits
  }
  for (const key of keysOf(state, entry)) {
    const inTheWay = obstacle(state, key, entry.uid, at)
    if (inTheWay) return taken(state, key, inTheWay)
  }
  const other = overlapping(state.tables, entry)
  if (other === undefined) return ok()
  return refuse('namespace.selector-overlap', 'one machine could fit two entries', {
    wanted: 'selectors that share a key and no value with every other entry',
    found: `overlaps with ${state.entries.get(other)?.alias ?? other}`,
  })
}

function bindingFits(
  state: IndexState,
  entry: Entry,
  binding: Binding,
): Result<
  undefined,
  Refusal<
    'namespace.unknown' | 'namespace.name-too-long' | 'namespace.malformed' | 'namespace.exists'
  >
> {
  const { id, ...facts } = binding
  if (bindingOf(facts).id !== id)
    return refuse('namespace.malformed', 'a binding is not what its id says')
  if (entry.bindings.filter((other) => other.id === id).length > 1)
    return refuse('namespace.exists', 'the entry has this binding', { found: id })
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

export function taken(
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
        wanted: `a time after ${until === undefined ? 'its drain' : toIso(until)}`,
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
