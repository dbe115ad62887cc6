import type { Refusal } from '../../../src/core/refusal.js'
import type { Result } from '../../../src/core/result.js'
import type { Uid } from '../../../src/core/uid.js'
import type { ChangeContext, Decided } from '../../../src/namespace/effect/decision.js'
import { effectOf } from '../../../src/namespace/effect/effect-of.js'
import type { Single } from '../../../src/namespace/operation.js'
import { type GivenIndex, valueOf } from '../given-index.js'

/** Of what a change creates. */
export const newUid = 'n'.padEnd(32, 'a') as Uid
/** Of nothing. */
export const nobody = 'e'.padEnd(32, 'b') as Uid

/** What the fold decides about an operation that a log holds, which nothing looked at before. */
export function effectIn(
  { index, clock }: GivenIndex,
  op: Single['op'],
  subject: { readonly alias: string; readonly uid?: Uid },
  body: object = {},
  context: Partial<ChangeContext> = {},
): Result<Decided> {
  const operation = { op, subject, body } as unknown as Single
  return effectOf(index.state, operation, {
    ...{ at: clock.now(), newUid, issuedUntil: null },
    ...context,
  })
}

export const decidedIn = (...asked: Parameters<typeof effectIn>): Decided =>
  valueOf(effectIn(...asked))

export function refusalIn(...asked: Parameters<typeof effectIn>): Refusal {
  const result = effectIn(...asked)
  if (result.ok) throw new Error('it is not refused')
  return result.refusal
}
