import { type Fault, faultOf, type RefusalCode } from '../../core/refusal.js'

/** The one place where a fault becomes a status (RFC 9110 section 15, RFC 6585 section 4). */
const statusOfFault = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  throttled: 429,
  unavailable: 503,
} as const satisfies Record<Fault, number>

/** Where HTTP itself has a word for it. */
const statusOfCode: Partial<Record<RefusalCode, number>> = {
  'request.wrong-method': 405,
  'request.not-acceptable': 406,
  'request.timeout': 408,
  'request.too-large': 413,
  'request.unsupported-type': 415,
  'request.header-too-large': 431,
}

export function wireStatus(code: RefusalCode): number {
  return statusOfCode[code] ?? statusOfFault[faultOf[code]]
}
