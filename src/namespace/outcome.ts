import type { TrustDomain } from '../core/names.js'
import type { BrakedBy } from './brakes-used.js'
import type { GrantOf, Used } from './emergency/uses.js'
import type { AnyRecord } from './log-record.js'
import type { Pending, ProposalRow } from './pending.js'
import type { Scope } from './scope.js'
import type { Effect } from './state.js'

/** A record that belongs at the end of the log, and what it does. */
export interface Verified {
  readonly record: AnyRecord
  readonly head: string
  readonly outcome: Outcome
}

export type Outcome =
  | {
      readonly kind: 'genesis'
      readonly index: string
      readonly trustDomain: TrustDomain
      readonly root: Scope
    }
  | {
      readonly kind: 'commit'
      readonly effect: Effect
      /** The proposal that voters decided about; undefined where one voter decided at once. */
      readonly of?: Pending
      /** Who used the brake, where that is what it was. */
      readonly brakedBy?: BrakedBy
      /** The grant, where it was the use of one. */
      readonly used?: Used
    }
  | {
      readonly kind: 'deliberation'
      /** The proposal, as it is after this record. */
      readonly row: ProposalRow
    }
  | { readonly kind: 'drill'; readonly drilled: GrantOf }
