import type { Entry } from '../../namespace/entry.js'
import type { BackendRef, TrafficSplit } from '../../namespace/rule/split.js'
import type { VerifiedCommit } from '../../verify/verified-commit.js'
import type { VerifiedEntry } from '../../verify/verify-bundle.js'
import { splitOfPort } from '../../verify/voted-splits.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { type CommitJson, commitJson } from './commit-screen.js'

/** Entries whose alias is proved beside the split. */
type Known = readonly Pick<Entry, 'uid' | 'alias'>[]

/** Where the traffic of a port goes, for programs: a backend has its alias where that is proved too. */
interface SplitJson {
  readonly port: number
  readonly backendRefs: readonly (Omit<BackendRef, 'entry'> & {
    readonly uid: string
    readonly alias?: string
  })[]
  /** The change that made it, where the bundle shows it. */
  readonly made: CommitJson | null
}

/** A bundle is of one entry and proves no alias of another: that one is told by its uid. */
const aliasOf = (known: Known, uid: string): string | undefined =>
  known.find((entry) => entry.uid === uid)?.alias

/** What one side of a call says of the port that is called: null where it has no split. */
export function splitJsonOf(callee: VerifiedEntry, port: number, known: Known): SplitJson | null {
  const found = splitOfPort(callee, port)
  if (!found) return null
  const { split, made } = found
  const backendRefs = split.backendRefs.map(({ entry, ...ref }) => {
    const alias = aliasOf(known, entry)
    return { uid: entry, ...(alias !== undefined && { alias }), ...ref }
  })
  return { port, backendRefs, made: made ? commitJson(made) : null }
}

/** `payments/api 90 (90 %), e5sl... port 8081 10 (10 %)` */
export function backendsOf({ backendRefs }: TrafficSplit, known: Known): readonly string[] {
  const total = backendRefs.reduce((sum, { weight }) => sum + weight, 0)
  return backendRefs
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ entry, port, weight }) => {
      const where = `${aliasOf(known, entry) ?? entry}${port === undefined ? '' : ` port ${port}`}`
      const share = ((100 * weight) / total).toFixed(1).replace('.0', '')
      return `${where} ${weight} (${share} %)`
    })
}

/** Under a decision: nothing where the callee has no split of the port. */
export function renderSplitOf(
  look: Look,
  callee: VerifiedEntry,
  { port, known }: { readonly port: number; readonly known: Known },
  renderMade: (made: VerifiedCommit) => readonly Field[],
): readonly string[] {
  const found = splitOfPort(callee, port)
  if (!found) return []
  const { split, made } = found
  return [
    renderFields(look, [
      [`split of port ${port}`, backendsOf(split, known)],
      ...(made ? renderMade(made) : []),
    ]),
  ]
}
