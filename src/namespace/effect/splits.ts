import { refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import { type Entry, entryState } from '../entry.js'
import type { Operation } from '../operation.js'
import { isReweighed, MAX_SPLITS, normalizeSplit, splitFault } from '../rule/split.js'
import type { IndexState } from '../state.js'
import { type Decided, decided, gone } from './decision.js'

type SplitOperation = Extract<Operation, { op: `split.${string}` }>

/** `entry` has its next revision already. */
export function splitEffect(
  state: IndexState,
  entry: Entry,
  operation: SplitOperation,
  at: UnixSeconds,
): Result<Decided> {
  const { op, body } = operation
  const port = op === 'split.set' ? body.split.port : body.port
  const { splits = [], ...unsplit } = entry
  const before = splits.find((split) => split.port === port)
  const others = splits.filter((split) => split !== before)
  if (op === 'split.clear') {
    if (!before) return noSplit(entry, port)
    return decided({ ...unsplit, ...(others.length > 0 && { splits: others }) }, 'routine')
  }
  const split = normalizeSplit(body.split)
  const fault = splitFault(split)
  if (fault !== undefined) {
    return refuse('namespace.malformed', `the split is not well formed: ${fault}`, {
      wanted: 'each backend once, and at least one positive weight',
    })
  }
  for (const { entry: backend } of split.backendRefs) {
    const found = state.entries.get(backend)
    const known = before?.backendRefs.some((ref) => ref.entry === backend) === true
    if (!found || (!known && ['retiring', 'retired'].includes(entryState(found, at)))) {
      return gone('entry', found?.alias ?? backend)
    }
  }
  const all = [...others, split].sort((a, b) => a.port - b.port)
  if (all.length > MAX_SPLITS) {
    return refuse('namespace.malformed', 'the entry has too many splits', {
      wanted: `at most ${MAX_SPLITS}`,
    })
  }
  // Whoever gets a share of another's traffic is decided on as gravely as whoever may call.
  const isKnown = before !== undefined && isReweighed(split, before)
  return decided({ ...unsplit, splits: all }, isKnown ? 'routine' : 'sensitive')
}

const noSplit = (entry: Entry, port: number) =>
  refuse('namespace.unknown', 'the entry has no split on this port', {
    found: `port ${port}`,
    next: `capstan splits list ${entry.alias}`,
  })
