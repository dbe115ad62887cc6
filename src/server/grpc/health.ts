import type { GrpcMethod } from './method.js'
import { readFields, stringOf, varintField } from './protobuf.js'
import { GrpcFailure, grpcStatus } from './status.js'

const HEALTH_SERVICE = 'grpc.health.v1.Health'

/** `grpc.health.v1.HealthCheckResponse.ServingStatus` */
const SERVING = 1
const NOT_SERVING = 2
const SERVICE_UNKNOWN = 3

/** Can this server issue? Asked at every check. */
export interface Readiness {
  ready(): boolean
  /** Calls `listener` when the answer may have changed, until the returned function is called. */
  onChange(listener: () => void): () => void
}

/** gRPC health checking for the server as a whole (`''`) and for each of `services`. */
export function healthMethods(
  readiness: Readiness,
  services: readonly string[],
): readonly GrpcMethod[] {
  const known = new Set(['', ...services])
  const now = (): Uint8Array => response(readiness.ready() ? SERVING : NOT_SERVING)
  return [
    {
      kind: 'unary',
      path: `/${HEALTH_SERVICE}/Check`,
      needsNoPlace: true,
      answer(message) {
        const service = readService(message)
        if (service instanceof GrpcFailure) return Promise.resolve(service)
        return Promise.resolve(
          known.has(service) ? now() : new GrpcFailure(grpcStatus.NOT_FOUND, 'unknown service'),
        )
      },
    },
    {
      kind: 'watch',
      path: `/${HEALTH_SERVICE}/Watch`,
      open(message) {
        const service = readService(message)
        if (service instanceof GrpcFailure) return service
        if (known.has(service))
          return { current: now, onChange: (listener) => readiness.onChange(listener) }
        // The protocol keeps a watch of an unknown service open: the service may yet appear.
        return { current: () => response(SERVICE_UNKNOWN), onChange: () => () => undefined }
      },
    },
  ]
}

function readService(message: Uint8Array): string | GrpcFailure {
  const fields = readFields(message)
  const service = fields && stringOf(fields, 1)
  return service ?? new GrpcFailure(grpcStatus.INVALID_ARGUMENT, 'not a HealthCheckRequest')
}

const response = (status: number): Uint8Array => varintField(1, status)
