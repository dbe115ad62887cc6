import { DependencyError } from '../core/dependency-error.js'
import type { Clock } from '../core/time.js'
import type { GovernedIndex } from './governed-index.js'
import type { IndexLog } from './ports.js'
import { RecordedIndex } from './recorded-index.js'
import type { IndexState } from './state.js'

/** An index that another process changes, for reading: `state` moves as it is written there. */
export const governedElsewhere = (
  state: IndexState,
  log: Pick<IndexLog, 'read'>,
  clock: Pick<Clock, 'now'>,
): GovernedIndex => new IndexElsewhere(state, log, clock)

class IndexElsewhere extends RecordedIndex implements GovernedIndex {
  readonly change = notHere
  readonly plan = notHere
  readonly apply = notHere
  readonly lookAlikes = notHere
  readonly draft = notHere
  readonly submit = notHere
  readonly withdraw = notHere
  readonly brake = notHere
  readonly submitBrake = notHere
  readonly invokeEmergency = notHere
  readonly submitRecovery = notHere
  readonly cancelRecovery = notHere
  readonly finishRecovery = notHere
  readonly verify = notHere
}

/** Operators reach the process that owns the log alone. */
function notHere(): never {
  throw new DependencyError('index', 'only the main process changes it')
}
