import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { IndexLog, Pace } from '../../namespace/ports.js'
import { makeBundle } from '../../verify/make-bundle.js'
import type { Operations } from '../operations.js'
import type { ServedLog } from './served-log.js'

interface BundleDeps {
  readonly index: Pick<GovernedIndex, 'state'>
  readonly log: ServedLog
  /** With their envelopes. */
  readonly records: Pick<IndexLog, 'read'>
  readonly pace: Pace
}

/** What ships with an identity: the entry, its scopes and rules, and what proves them. */
export const bundleOperations = ({
  index,
  log,
  records,
  pace,
}: BundleDeps): Pick<Operations, 'entryBundle'> => ({
  entryBundle: (alias, commits) =>
    makeBundle(
      { state: index.state, log: records, tree: log.tree, pace, settled: () => log.settled() },
      alias,
      commits,
    ),
})
