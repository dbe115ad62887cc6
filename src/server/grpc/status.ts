/** The gRPC status codes that this server answers with. */
export const grpcStatus = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const

export type GrpcStatus = (typeof grpcStatus)[keyof typeof grpcStatus]

/** The end of a call that is not OK. `message` reaches the caller. */
export class GrpcFailure {
  readonly status: GrpcStatus
  readonly message: string

  constructor(status: Exclude<GrpcStatus, 0>, message: string) {
    this.status = status
    this.message = message
  }
}
