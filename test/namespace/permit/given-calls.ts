import type { UnixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import { fullEnvelope } from '../../../src/namespace/envelope.js'
import type { PermitEntry, PermitScope, PermitState } from '../../../src/namespace/permit/permit.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { alias } from '../given-index.js'

/** The moment that is asked about. */
export const NOW = 1000 as UnixSeconds
export const second = (count: number): UnixSeconds => count as UnixSeconds

/** The uid of an entry that was created under this name: `web/shop` has an e and `webshop...`. */
export const uidOf = (name: string): Uid => `e${name.replace('/', '').padEnd(31, '2')}` as Uid

export const entry = (name: string, more: Partial<PermitEntry> = {}): PermitEntry => ({
  uid: uidOf(name),
  alias: alias(name),
  state: 'active',
  envelope: fullEnvelope,
  rules: [],
  ...more,
})

export const scope = (name: string, more: Partial<PermitScope> = {}): PermitScope => ({
  alias: alias(name),
  state: 'active',
  envelope: fullEnvelope,
  ...more,
})

/** Lets everybody below `web` call on port 80, unless something else is said. */
export const rule = (more: Partial<Rule> = {}): Rule => ({
  id: 'r',
  effect: 'allow',
  callers: [{ subtree: alias('web') }],
  ports: [[80, 80]],
  proto: 'http',
  rev: 1,
  ...more,
})

/** A root that takes nothing away, and these. */
export function givenState(
  entries: readonly PermitEntry[],
  scopes: readonly PermitScope[] = [],
): PermitState {
  const all = new Map([scope(''), ...scopes].map((one) => [one.alias, one]))
  const byUid = new Map(entries.map((one) => [one.uid, one]))
  return {
    root: all.get(alias(''))!,
    scopeByAlias: (name) => all.get(name),
    entries: byUid,
  }
}
