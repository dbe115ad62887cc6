import { canonicalize } from '../core/canonical-json.js'
import type { Entry } from '../namespace/entry.js'
import { normalizeSplit, type TrafficSplit } from '../namespace/rule/split.js'
import type { VerifiedCommit } from './verified-commit.js'

type Splits = Pick<Entry, 'splits'>
/** Of an entry, by revision. */
type Commits = readonly Pick<VerifiedCommit, 'operation' | 'classBy'>[]

/** Of the changes that are shown of each port's split: is the last of them what the entry has? */
export function splitsAreAsVoted({ splits = [] }: Splits, commits: Commits): boolean {
  return [...shownSplits(commits)].every(([port, { voted }]) => {
    const found = splits.find((split) => split.port === port)
    return canonicalize(found ?? null) === canonicalize(voted ?? null)
  })
}

/** A split that the entry has, and no change that is shown made, by as many as that takes. */
export function splitOfNobody({ splits = [] }: Splits, commits: Commits): TrafficSplit | undefined {
  const shown = shownSplits(commits)
  return splits.find(({ port }) => {
    const { voted, classBy } = shown.get(port) ?? {}
    return voted === undefined || classBy !== undefined
  })
}

interface ShownSplit extends Pick<VerifiedCommit, 'classBy'> {
  readonly voted: TrafficSplit | undefined
}

/** By port, what the last change that is shown left: undefined where it took the split away. */
function shownSplits(commits: Commits): ReadonlyMap<number, ShownSplit> {
  const shown = new Map<number, ShownSplit>()
  for (const { operation, classBy } of commits) {
    if (operation?.op === 'split.set') {
      shown.set(operation.body.split.port, {
        voted: normalizeSplit(operation.body.split),
        ...(classBy && { classBy }),
      })
    }
    if (operation?.op === 'split.clear') shown.set(operation.body.port, { voted: undefined })
  }
  return shown
}

/** The traffic split of a port of a verified entry, and the change that made it, where it is shown. */
export function splitOfPort(
  { entry, commits }: { readonly entry: Entry; readonly commits: readonly VerifiedCommit[] },
  port: number,
): { readonly split: TrafficSplit; readonly made: VerifiedCommit | undefined } | undefined {
  const split = entry.splits?.find((one) => one.port === port)
  const made = commits.findLast(
    ({ subject, operation }) =>
      subject.uid === entry.uid &&
      operation?.op === 'split.set' &&
      operation.body.split.port === port,
  )
  return split && { split, made }
}
