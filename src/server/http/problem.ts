import { DependencyError } from '../../core/dependency-error.js'
import { faultOf, type Refusal, type RefusalReason } from '../../core/refusal.js'
import type { Reply } from './reply.js'
import { wireStatus } from './wire-status.js'

export const PROBLEM_TYPE = 'application/problem+json'

/** RFC 9457, with the members that every Capstan refusal has. */
export interface ProblemJson {
  /** `urn:capstan:refusal:<code>`, `urn:capstan:unavailable` or `urn:capstan:internal`. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  /** Which of several things the code stands for, where programs tell them apart. */
  readonly reason?: RefusalReason
  readonly detail: string
  readonly wanted?: string
  readonly found?: string
  readonly next?: string
  readonly requestId: string
}

const titleOfFault = {
  malformed: 'The request cannot be used',
  unauthenticated: 'The evidence does not hold',
  forbidden: 'Not allowed',
  'not-found': 'Not found',
  conflict: 'In conflict with what is',
  throttled: 'Too many requests',
  unavailable: 'Not available now',
} as const

/** Seconds; for what is over as soon as a dependency is back. */
const RETRY_SOON = '1'

export function refusalReply(
  refusal: Refusal,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const { code, reason, detail, wanted, found, next } = refusal
  const fault = faultOf[code]
  const passing = fault === 'throttled' || fault === 'unavailable'
  return problem(
    {
      type: `urn:capstan:refusal:${code}`,
      title: titleOfFault[fault],
      status: wireStatus(code),
      code,
      ...(reason === undefined ? {} : { reason }),
      detail,
      ...(wanted === undefined ? {} : { wanted }),
      ...(found === undefined ? {} : { found }),
      ...(next === undefined ? {} : { next }),
      requestId,
    },
    { ...(passing && { 'retry-after': RETRY_SOON }), ...headers },
  )
}

/** Everything thrown is our side's fault. The caller learns whether to try again, and no more. */
export function thrownReply(thrown: unknown, requestId: string): Reply {
  if (thrown instanceof DependencyError) {
    return problem(
      {
        type: 'urn:capstan:unavailable',
        title: titleOfFault.unavailable,
        status: 503,
        code: 'unavailable',
        detail: 'something that the server needs did not answer',
        next: 'try again; the server log has the reason under this request id',
        requestId,
      },
      { 'retry-after': RETRY_SOON },
    )
  }
  return problem(
    {
      type: 'urn:capstan:internal',
      title: 'Internal error',
      status: 500,
      code: 'internal',
      detail: 'internal error',
      next: 'the server log has the reason under this request id',
      requestId,
    },
    {},
  )
}

function problem(body: ProblemJson, headers: Readonly<Record<string, string>>): Reply {
  return { status: body.status, type: PROBLEM_TYPE, body: JSON.stringify(body), headers }
}
