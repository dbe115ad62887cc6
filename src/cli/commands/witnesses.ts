import { toIso, unixSeconds } from '../../core/time.js'
import type { VerifiedCheckpoint } from '../../tlog/verify-checkpoint.js'

/** Who has signed a checkpoint beside its log, and when they say that they did. */
export const witnessesOf = ({
  cosignatures,
}: Pick<VerifiedCheckpoint, 'cosignatures'>): readonly {
  readonly name: string
  readonly at: string
}[] => cosignatures.map(({ key: { name }, time }) => ({ name, at: toIso(unixSeconds(time)) }))
