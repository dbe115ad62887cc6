import type { Refusal, RefusalCode } from '../core/refusal.js'
import { refuse } from '../core/result.js'
import { type AnyRecord, encodeRecord } from './log-record.js'

interface No<C extends RefusalCode> {
  readonly ok: false
  readonly refusal: Refusal<C>
}

const next = 'restore the data directory from a backup; nothing was changed'

/** Record `seq` is not what a record there must be. */
export const broken = (seq: number, why: string): No<'namespace.bad-canonical'> =>
  refuse('namespace.bad-canonical', `record ${seq} of the index log is broken: ${why}`, { next })

/** Something in record `seq` is not signed by whom it must be. */
export const forged = (seq: number, what: string): No<'namespace.bad-signature'> =>
  refuse(
    'namespace.bad-signature',
    `record ${seq} of the index log: ${what} is not signed as it must be`,
    { next },
  )

/** Octet for octet. */
export const isSame = (a: AnyRecord, b: AnyRecord): boolean =>
  Buffer.compare(encodeRecord(a), encodeRecord(b)) === 0
