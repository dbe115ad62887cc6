import { DependencyError } from '../../core/dependency-error.js'
import { ok } from '../../core/result.js'
import { toIso } from '../../core/time.js'
import { authorisationOf, splitAuthorisationOf } from '../../namespace/authorisation.js'
import type { IndexLog } from '../../namespace/ports.js'
import type { Diff } from '../../namespace/questions/diff.js'
import { Questions } from '../../namespace/questions/questions.js'
import type { PastQuestions } from '../../namespace/questions/past-questions.js'
import type { IndexState } from '../../namespace/state.js'
import type { DiffJson } from '../http/question-shapes.js'
import type { Operations, PastOperation } from '../operations.js'
import { policyOperations } from './policies.js'
import { questionsAsked } from './questions.js'

interface PastDeps {
  /** Undefined in a process that does not own the log: nobody reaches these routes there. */
  readonly past: PastQuestions | undefined
  readonly log: Pick<IndexLog, 'read'>
  readonly longWork: { end(): void }
}

/** The index as it was, and what has changed since. */
export function pastOperations({
  past,
  log,
  longWork,
}: PastDeps): Pick<Operations, 'diff' | 'past'> {
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
        .at(moment, (state) => ask(operationsOn(state, log)))
        .finally(() => longWork.end()),
  }
}

/** What the same operations say on another state, in its own second. */
function operationsOn(
  state: IndexState,
  log: Pick<IndexLog, 'read'>,
): Pick<Operations, PastOperation> {
  const clock = { now: () => state.at }
  const questions = new Questions({
    log,
    clock,
    pace: () => undefined,
    // It is nobody else's, and stays as it is.
    snapshot: () => {
      const { meta, tables } = state.source
      return { meta, tables, [Symbol.dispose]: () => undefined }
    },
  })
  const { permit, why } = policyOperations({
    index: {
      state,
      authorisation: (uid, rev) => authorisationOf(log, state, { uid, rev }),
      splitAuthorisation: (uid, port) => splitAuthorisationOf(log, state, { uid, port }),
    },
    clock,
  })
  return { permit, why, ...questionsAsked(questions) }
}

const diffJson = ({ from, to, ...difference }: Diff): DiffJson => ({
  from: { ...from, at: toIso(from.at) },
  to: { ...to, at: toIso(to.at) },
  ...(difference as unknown as Omit<DiffJson, 'from' | 'to'>),
})
