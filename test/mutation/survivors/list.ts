import type { Mutant } from '../mutants.js'
import { csr } from './csr.js'
import { issuance } from './issuance.js'
import { signer } from './signer.js'
import type { Survivor } from './survivor.js'
import { tlog } from './tlog.js'
import { tokenreview } from './tokenreview.js'

/** By target, in the order of the targets; of those whose survivors are explained. */
export const survivors: Readonly<Record<string, readonly Survivor[]>> = {
  ...{ csr, tokenreview, issuance, signer, tlog },
}

/** A code text on one line. */
export const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

export interface Reckoning<M extends Mutant> {
  /** What survives without an explanation, or in more places than one is for. */
  readonly strange: readonly M[]
  /** Explanations of what does not survive, or in fewer places. */
  readonly idle: readonly Survivor[]
}

/** Holds what survived of a target against its explanations. */
export function reckon<M extends Mutant>(target: string, alive: readonly M[]): Reckoning<M> {
  const list = (survivors[target] ?? []).flatMap((survivor) =>
    survivor.replacements.map((replacement) => ({ survivor, replacement, left: survivor.places })),
  )
  const strange = alive.filter((mutant) => {
    const found = list.find(
      ({ survivor: { file, original }, replacement, left }) =>
        left > 0 &&
        `src/${file}` === mutant.file &&
        original === onOneLine(mutant.original) &&
        replacement === onOneLine(mutant.replacement),
    )
    if (found) found.left -= 1
    return !found
  })
  const idle = new Set(list.flatMap(({ survivor, left }) => (left > 0 ? [survivor] : [])))
  return { strange, idle: [...idle] }
}
