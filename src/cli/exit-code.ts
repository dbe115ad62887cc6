import { type Fault, faultOf } from '../core/refusal.js'

/** What `capstan` ends with. Stable: scripts depend on them. */
export const exitCode = {
  ok: 0,
  internal: 1,
  usage: 2,
  refused: 3,
  notFound: 4,
  unauthenticated: 5,
  unavailable: 6,
  throttled: 7,
  waits: 8,
  denied: 9,
  alarmed: 10,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** The meaning of each, for the reference and for `--help`. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'unexpected: a defect of Capstan or of the machine under it',
  2: 'usage: the command line, or a file it names, cannot be read',
  3: 'refused: malformed, forbidden, or in conflict with what is there',
  4: 'not found',
  5: 'unauthenticated: the evidence or the certificate was not accepted',
  6: 'unavailable: the server, or something it depends on, does not answer',
  7: 'throttled: try again later',
  8: 'waits: proposed, and not in force before others have voted',
  9: 'denied: the answer of capstan permit is no',
  10: 'alarm: capstan audit, watch or mirror has found what should not be',
}

const exitOfFault = {
  malformed: exitCode.refused,
  forbidden: exitCode.refused,
  conflict: exitCode.refused,
  'not-found': exitCode.notFound,
  unauthenticated: exitCode.unauthenticated,
  unavailable: exitCode.unavailable,
  throttled: exitCode.throttled,
} as const satisfies Record<Fault, ExitCode>

/** By code where this version knows it, else by HTTP status: a newer server may say more. */
export function exitOfProblem(problem: {
  readonly code: string
  readonly status?: number
}): ExitCode {
  if (problem.code === 'cli.usage') return exitCode.usage
  if (isRefusalCode(problem.code)) return exitOfFault[faultOf[problem.code]]
  const status = problem.status ?? 500
  const known = exitOfStatus.get(status)
  return known ?? (status >= 500 ? exitCode.internal : exitCode.refused)
}

const exitOfStatus: ReadonlyMap<number, ExitCode> = new Map([
  [401, exitCode.unauthenticated],
  [404, exitCode.notFound],
  [429, exitCode.throttled],
  [502, exitCode.unavailable],
  [503, exitCode.unavailable],
  [504, exitCode.unavailable],
])

function isRefusalCode(code: string): code is keyof typeof faultOf {
  return Object.hasOwn(faultOf, code)
}
