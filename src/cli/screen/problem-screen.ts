import type { Problem } from '../problem.js'
import type { Look } from './look.js'
import { renderFields } from './fields.js'

/** `refused: <code>`, the sentence, then what was wanted, found, what to do, and the request's id. */
export function renderProblem(look: Look, problem: Problem): string {
  const fields = renderFields(look, [
    ['wanted', problem.wanted],
    ['found', problem.found],
    ['next', problem.next],
    ['request', problem.requestId],
  ])
  const head = `${look.paint('red', 'refused:')} ${look.paint('bold', problem.code)}`
  return [head, problem.detail, fields].filter((part) => part !== '').join('\n')
}
