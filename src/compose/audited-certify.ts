import { DependencyError } from '../core/dependency-error.js'
import type { Result } from '../core/result.js'
import type { Certified, CertifyInput } from '../issuance/linkerd-certify.js'
import type { Audit } from '../server/audit.js'
import type { Certify } from '../server/grpc/certify.js'
import type { Metrics } from '../server/metrics.js'

/** Linkerd's endpoint with its audit line and its counters, whatever becomes of the request. */
export function auditedCertify(
  certify: (input: CertifyInput) => Promise<Result<Certified>>,
  { audit, metrics }: { readonly audit: Audit; readonly metrics: Metrics },
): Certify {
  return async function certifyAudited(input) {
    const { requestId, remote } = input
    const operation = 'certify'
    try {
      const answer = await certify(input)
      if (answer.ok) {
        const { alias, serial } = answer.value
        metrics.issued('linkerd', 'kubernetes')
        const about = { alias, serial, evidence: 'kubernetes' }
        audit({ requestId, remote, operation, outcome: 'answered', about })
      } else {
        const { code } = answer.refusal
        metrics.refused('linkerd', code)
        const about = { evidence: 'kubernetes' }
        audit({ requestId, remote, operation, outcome: 'refused', code, about })
      }
      return answer
    } catch (error) {
      const isUnavailable = error instanceof DependencyError
      if (isUnavailable) metrics.unavailable(error.dependency)
      const outcome = isUnavailable ? 'unavailable' : 'failed'
      audit({ requestId, remote, operation, outcome })
      throw error
    }
  }
}
