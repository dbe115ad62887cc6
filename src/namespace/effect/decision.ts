import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { ChangeClass } from '../group.js'
import type { Effect } from '../state.js'

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

/** A change that gives up no names. */
export const decided = (put: Effect['put'], changeClass: ChangeClass): Result<Decided, never> =>
  ok({ effect: { put, quarantine: [] }, changeClass })

export const gone = (
  kind: string,
  name: string,
): { readonly ok: false; readonly refusal: Refusal<'namespace.unknown'> } =>
  refuse('namespace.unknown', `there is no such ${kind}`, { found: quoted(name) })

/** A proposal may name what no alias or uid is. */
const quoted = (name: string): string =>
  /^[a-z0-9/-]{1,200}$/.test(name) ? name : JSON.stringify(name.slice(0, 80))
