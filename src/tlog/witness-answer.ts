import type { Refusal } from '../core/refusal.js'
import type { UnixSeconds } from '../core/time.js'
import type { TreeHead } from './verify-proof.js'

export type WitnessRefusal = Refusal<
  | 'tlog.malformed'
  | 'tlog.unknown-log'
  | 'tlog.unknown-key'
  | 'tlog.bad-signature'
  | 'tlog.bad-proof'
>

/** What C2SP tlog-witness answers to add-checkpoint. */
export type WitnessAnswer =
  /** The signature lines of the witness's keys. */
  | { readonly status: 200; readonly body: string }
  /** The size that the witness has cosigned, as `text/x.tlog.size`. */
  | { readonly status: 409; readonly body: string }
  | { readonly status: 400 | 403 | 404; readonly refusal: WitnessRefusal }
  | {
      readonly status: 422
      readonly refusal: WitnessRefusal
      /**
       * Has the log signed another root, or another state, of the size that is recorded? Otherwise a proof was wanted: whoever has a checkpoint of the log can send it without one,
       * and that shows nothing.
       */
      readonly isFork: boolean
      /** The checkpoint, with the log's own signatures that were verified and no other lines. */
      readonly note: string
    }

/** What a witness has cosigned of one log. Its signatures follow from this: Ed25519 has one for each. */
export interface CosignedHead extends TreeHead {
  /** The time of the cosignature. */
  readonly at: UnixSeconds
  /** The text that is cosigned, with the log's own signatures that were verified. */
  readonly note: string
}

/** What a request comes to beside what is recorded: what to record and cosign, or an answer. */
export type Decision =
  | { readonly kind: 'cosign'; readonly head: CosignedHead }
  | { readonly kind: 'answer'; readonly answer: WitnessAnswer }
