import { DependencyError } from '../../core/dependency-error.js'
import { type Fault, faultOf, type Refusal, type RefusalCode } from '../../core/refusal.js'
import { GrpcFailure, grpcStatus, type GrpcStatus } from './status.js'

type FailureStatus = Exclude<GrpcStatus, 0>

/**
 * What Linkerd's identity service answers: INVALID_ARGUMENT for what cannot be read and
 * FAILED_PRECONDITION for every "no", where other services would say UNAUTHENTICATED or
 * PERMISSION_DENIED. Operators search their logs for these.
 */
const statusOfFault = {
  malformed: grpcStatus.INVALID_ARGUMENT,
  unauthenticated: grpcStatus.FAILED_PRECONDITION,
  forbidden: grpcStatus.FAILED_PRECONDITION,
  'not-found': grpcStatus.NOT_FOUND,
  conflict: grpcStatus.ABORTED,
  throttled: grpcStatus.RESOURCE_EXHAUSTED,
  unavailable: grpcStatus.UNAVAILABLE,
} as const satisfies Record<Fault, FailureStatus>

/** Where Linkerd's answer is not the one of the fault. */
const statusOfCode: Partial<Record<RefusalCode, FailureStatus>> = {
  // Linkerd learns that a key is not ECDSA only when signing with it fails.
  'csr.key-not-allowed': grpcStatus.INTERNAL,
  // A TokenReview with `status.error`, or a user that is no service account.
  'token.malformed': grpcStatus.INVALID_ARGUMENT,
  'token.not-a-service-account': grpcStatus.INVALID_ARGUMENT,
}

export function certifyStatus(code: RefusalCode): FailureStatus {
  return statusOfCode[code] ?? statusOfFault[faultOf[code]]
}

export function refusalFailure(refusal: Refusal, requestId: string): GrpcFailure {
  return new GrpcFailure(
    certifyStatus(refusal.code),
    `${refusal.code}: ${refusal.detail} (request ${requestId})`,
  )
}

/**
 * Everything thrown is our side's fault. A cluster that could not be asked is INTERNAL, as when
 * Linkerd's TokenReview call fails; the store and the keys are UNAVAILABLE; a bug is INTERNAL.
 * The caller learns no more than that.
 */
export function thrownFailure(thrown: unknown, requestId: string): GrpcFailure {
  if (!(thrown instanceof DependencyError)) {
    return new GrpcFailure(grpcStatus.INTERNAL, `internal error (request ${requestId})`)
  }
  if (asksACluster(thrown)) {
    return new GrpcFailure(
      grpcStatus.INTERNAL,
      `the cluster could not check the token (request ${requestId})`,
    )
  }
  return new GrpcFailure(grpcStatus.UNAVAILABLE, `unavailable, try again (request ${requestId})`)
}

const asksACluster = ({ dependency }: DependencyError): boolean =>
  /^(kubernetes|cluster)( |$)/.test(dependency)
