import { uidsIn } from '../../core/uid.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { NamesJson } from '../http/proposal-shapes.js'

/** `names` of an answer: what those are called whom it names by uid; nothing where it names none that has a name. */
export async function namesBeside(
  index: Pick<GovernedIndex, 'names'>,
  answer: readonly unknown[],
  size?: number,
): Promise<{ readonly names?: NamesJson }> {
  const names = await index.names(uidsIn(JSON.stringify(answer)), size)
  return names.size === 0 ? {} : { names: Object.fromEntries(names) }
}
