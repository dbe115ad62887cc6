import type { Refusal } from '../core/refusal.js'
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
  | { readonly status: 400 | 403 | 404 | 422; readonly refusal: WitnessRefusal }

/** What a request comes to beside what is recorded: the head to record and cosign, or an answer. */
export type Decision =
  | { readonly kind: 'cosign'; readonly head: TreeHead }
  | { readonly kind: 'answer'; readonly answer: WitnessAnswer }
