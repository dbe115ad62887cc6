import type { AuthorityRecord } from '../../ca/ports.js'
import type { SerialNumber } from '../../core/serial.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { Challenge, JoinToken, LedgerEntry, Revocation, Spend } from '../../issuance/ports.js'
import type { StoredRecord } from '../../namespace/ports.js'
import type { MapChange } from '../../tlog/map-draft.js'
import type { KeptCosignature, SignedHead } from '../../tlog/ports.js'
import type { EncodedChange } from './index-rows.js'
import type { LogName } from './tree-writer.js'

/** Everything that the writer can be asked: plain data, so that it crosses to a worker thread. */
export type Command =
  | {
      readonly op: 'append'
      readonly entry: LedgerEntry
      readonly spends: readonly Spend[]
      /** Records of the index that it was granted on, where another process decided that. */
      readonly indexSize?: number
    }
  | {
      readonly op: 'revoke'
      readonly serials: readonly SerialNumber[]
      readonly revocation: Revocation
    }
  | { readonly op: 'revoke-entry'; readonly entry: Uid; readonly revocation: Revocation }
  | { readonly op: 'next-crl-number'; readonly issuerId: string }
  | { readonly op: 'prune'; readonly before: UnixSeconds }
  | { readonly op: 'probe' }
  | {
      readonly op: 'append-index'
      readonly records: readonly StoredRecord[]
      readonly change: EncodedChange
    }
  | { readonly op: 'advance-index'; readonly change: EncodedChange }
  | {
      readonly op: 'make-map'
      readonly changes: readonly MapChange[]
      readonly isFirst: boolean
      /** With the last: of the log that the tables are at. */
      readonly size?: number
    }
  | { readonly op: 'grow-tree'; readonly log: 'index'; readonly limit: number }
  | { readonly op: 'sweep-map' }
  | { readonly op: 'keep-checkpoint'; readonly log: LogName; readonly signed: SignedHead }
  | {
      readonly op: 'keep-cosignature'
      readonly log: LogName
      readonly cosignature: KeptCosignature
    }
  | { readonly op: 'create-token'; readonly token: Omit<JoinToken, 'usedAt'> }
  | { readonly op: 'withdraw-token'; readonly id: string }
  | { readonly op: 'create-challenge'; readonly challenge: Challenge }
  | { readonly op: 'put-authorities'; readonly records: readonly AuthorityRecord[] }

/**
 * What a command came to: a number, `spent`, a renewal of what is revoked, a failure that is its own and not its neighbours', or
 * `stale`, which is not the writer's to say: the index has changed since the append was granted.
 */
export type Outcome =
  | { readonly kind: 'done'; readonly count: number; readonly serials?: readonly SerialNumber[] }
  | { readonly kind: 'spent'; readonly spend: Spend['kind'] }
  | { readonly kind: 'parent-revoked' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'failed'; readonly message: string }
