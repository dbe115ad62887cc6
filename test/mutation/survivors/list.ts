import type { Mutant } from '../mutants.js'
import { csr } from './csr.js'
import type { Survivor } from './survivor.js'

export const survivors: Readonly<Record<string, readonly Survivor[]>> = { csr }

/** A code text on one line. */
export const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

/** The explanation of a mutant that no test notices. */
export function explained(target: string, mutant: Mutant): Survivor | undefined {
  return survivors[target]?.find(
    ({ file, original, replacements }) =>
      `src/${file}` === mutant.file &&
      original === onOneLine(mutant.original) &&
      replacements.includes(onOneLine(mutant.replacement)),
  )
}
