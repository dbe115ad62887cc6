import type { Certify } from './certify.js'
import { refusalFailure, thrownFailure } from './certify-status.js'
import { readCertifyRequest, writeCertifyResponse } from './identity-messages.js'
import type { ServerLog } from './log.js'
import type { UnaryMethod } from './method.js'
import { GrpcFailure, grpcStatus } from './status.js'

export const IDENTITY_SERVICE = 'io.linkerd.proxy.identity.Identity'

/** What a JWT and the white space of its file are made of. */
const ASCII = /^[\t\n\r\x20-\x7e]*$/

/** Linkerd's `Identity/Certify`, unmodified proxies on the other side. */
export function certifyMethod(deps: {
  readonly certify: Certify
  readonly newRequestId: () => string
  readonly log: ServerLog
}): UnaryMethod {
  return {
    kind: 'unary',
    path: `/${IDENTITY_SERVICE}/Certify`,
    async answer(message, { remote, caller }) {
      const requestId = deps.newRequestId()
      const invalid = (what: string): GrpcFailure =>
        new GrpcFailure(
          grpcStatus.INVALID_ARGUMENT,
          `request.malformed: ${what} (request ${requestId})`,
        )

      const request = readCertifyRequest(message)
      if (!request) return invalid('not a CertifyRequest')
      const { identity, csr } = request
      if (identity === '') return invalid('missing identity')
      if (request.token.length === 0) return invalid('missing token')
      if (csr.length === 0) return invalid('missing certificate signing request')
      const token = Buffer.from(request.token).toString('latin1')
      if (!ASCII.test(token)) return invalid('the token is not ASCII')

      try {
        const answer = await deps.certify({ identity, token, csr, requestId, remote, caller })
        return answer.ok
          ? writeCertifyResponse(answer.value)
          : refusalFailure(answer.refusal, requestId)
      } catch (thrown) {
        deps.log.error({ err: thrown, requestId, remote }, 'certify failed')
        return thrownFailure(thrown, requestId)
      }
    },
  }
}
