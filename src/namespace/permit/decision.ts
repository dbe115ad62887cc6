import type { Alias } from '../../core/alias.js'

/** In the order in which they are looked at. */
export const conditions = [
  'unknown',
  'inactive',
  'no-rule',
  'port',
  'route',
  'may-call',
  'may-accept',
  'guard',
] as const
/** What a call fails by. */
export type Condition = (typeof conditions)[number]

/** The object whose owner, or whose voters, could make it otherwise. */
export interface Changeable {
  readonly kind: 'entry' | 'scope'
  /** Empty for the root. */
  readonly alias: Alias
}

export interface Allowed {
  readonly allowed: true
  /** On the callee, with the callee's revision that made it what it is. */
  readonly rule: { readonly id: string; readonly rev: number }
}

export interface Denied {
  readonly allowed: false
  /** The first that fails. */
  readonly condition: Condition
  /** One sentence, lower case, no full stop. */
  readonly detail: string
  /** Null for what does not exist. */
  readonly by: Changeable | null
  /** Id of the guard. */
  readonly guard?: string
}

export type Decision = Allowed | Denied
