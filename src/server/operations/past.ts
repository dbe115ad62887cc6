import { DependencyError } from '../../core/dependency-error.js'
import { ok } from '../../core/result.js'
import { type Clock, toIso } from '../../core/time.js'
import { governedElsewhere } from '../../namespace/governed-elsewhere.js'
import type { IndexLog, Pace } from '../../namespace/ports.js'
import type { Diff } from '../../namespace/questions/diff.js'
import { Questions } from '../../namespace/questions/questions.js'
import { secondOf } from '../../namespace/questions/past.js'
import type { PastQuestions } from '../../namespace/questions/past-questions.js'
import type { IndexState } from '../../namespace/state.js'
import type { DiffJson } from '../http/question-shapes.js'
import type { Operations, PastOperation } from '../operations.js'
import { emergencyOperations } from './emergencies.js'
import { policyOperations } from './policies.js'
import { questionsAsked } from './questions.js'
import { recordedOperations } from './recorded.js'
import { recoveryOperations } from './recoveries.js'

interface PastDeps {
  /** Undefined in a process that does not own the log: nobody reaches these routes there. */
  readonly past: PastQuestions | undefined
  readonly log: Pick<IndexLog, 'read'>
  /** Nothing is looked at as of a second after this. */
  readonly clock: Pick<Clock, 'now'>
  readonly longWork: { end(): void }
}

/** The index as it was, and what has changed since. */
export function pastOperations(deps: PastDeps): Pick<Operations, 'diff' | 'past'> {
  const { past, clock, longWork } = deps
  const there = (): PastQuestions => {
    if (past) return past
    throw new DependencyError('index', 'only the main process reads the log again')
  }
  return {
    async diff(asked) {
      const found = await there()
        .diff(asked)
        .finally(() => longWork.end())
      return found.ok ? ok(diffJson(found.value)) : found
    },

    past: (moment, ask) =>
      there()
        .at(moment, (state, pace) => {
          const at = secondOf(moment, state.at, clock.now())
          return ask(operationsOn(state, { ...deps, clock: { now: () => at }, pace }), at)
        })
        .finally(() => longWork.end()),
  }
}

/** Of one answer, not over the network: the log is read again for each, so that few are better than many. */
const STEPS = 2_000_000

/** What the same operations say on another state, in a second that is over. */
function operationsOn(
  state: IndexState,
  { log, clock, pace }: PastDeps & { readonly pace: Pace },
): Pick<Operations, PastOperation> {
  const questions = new Questions({
    ...{ log, clock, pace, steps: STEPS },
    // It is nobody else's, and stays as it is.
    snapshot: () => {
      const { meta, tables } = state.source
      return { meta, tables, [Symbol.dispose]: () => undefined }
    },
  })
  const index = governedElsewhere(state, log, clock)
  const { permit, why, whyPorts } = policyOperations({ index, clock })
  const { emergencyGrants } = emergencyOperations(index)
  const { recoveries } = recoveryOperations(index)
  return {
    ...{ permit, why, whyPorts, emergencyGrants, recoveries },
    ...recordedOperations(index),
    ...questionsAsked(questions),
  }
}

const diffJson = ({ from, to, ...difference }: Diff): DiffJson => ({
  from: { ...from, at: toIso(from.at) },
  to: { ...to, at: toIso(to.at) },
  ...(difference as unknown as Omit<DiffJson, 'from' | 'to'>),
})
