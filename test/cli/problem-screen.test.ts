import { expect, it } from '@jest/globals'
import { problemOfRefusal } from '../../src/cli/problem.js'
import type { Look } from '../../src/cli/screen/look.js'
import { renderProblem } from '../../src/cli/screen/problem-screen.js'
import { T0 } from '../support/fake-clock.js'

const look: Look = { width: undefined, now: T0, paint: (_colour, text) => text }

it('shows a refusal of this side line by line, and lets it drive no terminal', () => {
  const problem = problemOfRefusal({
    code: 'namespace.wrong-index',
    detail: 'the proposal is for \u009bother',
    wanted: '',
    found: 'a\u001b[2J\r\nb\u2028',
    next: 'look',
  })
  expect(renderProblem(look, problem)).toBe(
    [
      'refused: namespace.wrong-index',
      'the proposal is for \\u009bother',
      'found: a\\u001b[2J\\u000d',
      '       b\\u2028',
      'next:  look',
    ].join('\n'),
  )
})
