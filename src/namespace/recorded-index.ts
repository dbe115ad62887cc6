import type { Alias } from '../core/alias.js'
import type { Clock } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { authorisationOf } from './authorisation.js'
import { brakesOf } from './brake-view.js'
import { formerUses, grantsOf } from './emergency/emergency-view.js'
import { type AskedDecisions, entryDecisions, splitAuthorisationOf } from './entry-decisions.js'
import type { GovernedIndex } from './governed-index.js'
import { historyOf } from './history.js'
import { NamesThen } from './names-then.js'
import type { IndexLog } from './ports.js'
import { proposalOf, type ProposalView, waitingProposals } from './proposal-view.js'
import { recoveriesOf } from './recovery/recovery-view.js'
import type { IndexState } from './state.js'

/** What is asked of an index and changes nothing. */
type Asked = Pick<
  GovernedIndex,
  | 'state'
  | 'history'
  | 'names'
  | 'proposal'
  | 'proposals'
  | 'authorisation'
  | 'entryDecisions'
  | 'splitAuthorisation'
  | 'brakes'
  | 'emergencyGrants'
  | 'formerUses'
  | 'recoveries'
>

/** The answers that follow from a state, its log and the time, whoever changes them. */
export class RecordedIndex implements Asked {
  /** As committed: it moves with the tables. */
  readonly state: IndexState
  private readonly log: Pick<IndexLog, 'read'>
  private readonly time: Pick<Clock, 'now'>

  constructor(state: IndexState, log: Pick<IndexLog, 'read'>, time: Pick<Clock, 'now'>) {
    this.state = state
    this.log = log
    this.time = time
  }

  /** Every record about the entry, scope or cluster of this alias, oldest first. */
  history(alias: Alias): ReturnType<Asked['history']> {
    return historyOf(this.log, this.state, alias)
  }

  names(uids: readonly Uid[], size = this.state.size): ReturnType<Asked['names']> {
    return new NamesThen(this.log, this.state).of(uids, size)
  }

  /** One proposal that voters were asked about; `namespace.unknown` for any other. */
  proposal(id: string): ReturnType<Asked['proposal']> {
    return proposalOf(this.log, this.state, { id, now: this.time.now() })
  }

  /** Every proposal that is not over, oldest first. */
  proposals(): readonly ProposalView[] {
    return [...waitingProposals(this.state, this.time.now())]
  }

  authorisation(uid: Uid, rev: number): ReturnType<Asked['authorisation']> {
    return authorisationOf(this.log, this.state, { uid, rev })
  }

  entryDecisions(asked: AskedDecisions): ReturnType<Asked['entryDecisions']> {
    return entryDecisions(this.log, this.state, asked)
  }

  splitAuthorisation(uid: Uid, port: number): ReturnType<Asked['splitAuthorisation']> {
    return splitAuthorisationOf(this.log, this.state, { uid, port })
  }

  brakes(): ReturnType<Asked['brakes']> {
    return brakesOf(this.log, this.state, this.time.now())
  }

  emergencyGrants(): ReturnType<Asked['emergencyGrants']> {
    return grantsOf(this.log, this.state, this.time.now())
  }

  formerUses(): ReturnType<Asked['formerUses']> {
    return formerUses(this.log, this.state, this.time.now())
  }

  recoveries(): ReturnType<Asked['recoveries']> {
    return recoveriesOf(this.log, this.state, this.time.now())
  }
}
