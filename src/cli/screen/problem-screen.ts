import { visible } from '../../core/visible.js'
import type { Problem } from '../problem.js'
import { renderFields } from './fields.js'
import type { Look } from './look.js'

/**
 * `refused: <code>`, the sentence, then what was wanted, found, what to do, and the request's id. What
 * was found may be of somebody else's making: a file, a damaged log.
 */
export function renderProblem(look: Look, problem: Problem): string {
  const fields = renderFields(look, [
    ['wanted', linesOf(problem.wanted)],
    ['found', linesOf(problem.found)],
    ['next', linesOf(problem.next)],
    ['request', problem.requestId],
  ])
  const head = `${look.paint('red', 'refused:')} ${look.paint('bold', problem.code)}`
  return [head, visible(problem.detail), fields].filter((part) => part !== '').join('\n')
}

const linesOf = (text: string | undefined): readonly string[] | undefined =>
  text === undefined || text === '' ? undefined : text.split('\n').map(visible)
