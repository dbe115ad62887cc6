import { DependencyError } from '../core/dependency-error.js'
import type { Clock } from '../core/time.js'
import { authorisationOf } from './authorisation.js'
import { brakesOf } from './brake-view.js'
import { entryDecisions, splitAuthorisationOf } from './entry-decisions.js'
import { formerUses, grantsOf } from './emergency/emergency-view.js'
import { historyOf } from './history.js'
import type { GovernedIndex } from './governed-index.js'
import { NamesThen } from './names-then.js'
import type { IndexLog } from './ports.js'
import { proposalOf, waitingProposals } from './proposal-view.js'
import { recoveriesOf } from './recovery/recovery-view.js'
import type { IndexState } from './state.js'

/** An index that another process changes, for reading: `state` moves as it is written there. */
export function governedElsewhere(
  state: IndexState,
  log: Pick<IndexLog, 'read'>,
  clock: Pick<Clock, 'now'>,
): GovernedIndex {
  return {
    state,
    history: (alias) => historyOf(log, state, alias),
    proposal: (id) => proposalOf(log, state, { id, now: clock.now() }),
    names: (uids, size = state.size) => new NamesThen(log, state).of(uids, size),
    proposals: () => [...waitingProposals(state, clock.now())],
    authorisation: (uid, rev) => authorisationOf(log, state, { uid, rev }),
    entryDecisions: (asked) => entryDecisions(log, state, asked),
    splitAuthorisation: (uid, port) => splitAuthorisationOf(log, state, { uid, port }),
    change: notHere,
    plan: notHere,
    apply: notHere,
    lookAlikes: notHere,
    draft: notHere,
    submit: notHere,
    withdraw: notHere,
    brake: notHere,
    submitBrake: notHere,
    brakes: () => brakesOf(log, state, clock.now()),
    invokeEmergency: notHere,
    emergencyGrants: () => grantsOf(log, state, clock.now()),
    formerUses: () => formerUses(log, state, clock.now()),
    submitRecovery: notHere,
    cancelRecovery: notHere,
    finishRecovery: notHere,
    recoveries: () => recoveriesOf(log, state, clock.now()),
    verify: notHere,
  }
}

/** Operators reach the process that owns the log alone. */
function notHere(): never {
  throw new DependencyError('index', 'only the main process changes it')
}
