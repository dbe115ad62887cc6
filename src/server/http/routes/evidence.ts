import { parseAlias } from '../../../core/alias.js'
import { ok, refuse, type Result } from '../../../core/result.js'
import { type Seconds, seconds } from '../../../core/time.js'
import { unreachable } from '../../../core/unreachable.js'
import type { ShownEvidence } from '../../operations.js'
import { json, JSON_TYPE, PEM_CHAIN_TYPE, type Reply } from '../reply.js'
import { type Answer, answered, jsonAnswer, type Route, route } from '../route.js'
import { type EvidenceJson, issueBody, renewBody } from '../schema/issue-bodies.js'
import type { IssuedJson } from '../shapes.js'

const issuedAnswer: Answer = {
  status: 201,
  description: 'The certificate, recorded in the ledger',
  content: { [JSON_TYPE]: 'Issued', [PEM_CHAIN_TYPE]: null },
}

/** The ways to a certificate. */
export const evidenceRoutes: readonly Route[] = [
  route('POST /v1/challenges', 'evidence', 'createChallenge', {
    summary: 'A nonce that proves a CSR to be fresh, when it carries it as challengePassword',
    answers: [jsonAnswer(201, 'Challenge', 'Good for one certificate')],
    use: (operations, { context }) => answered(201, operations.createChallenge(context)),
  }),
  route('POST /v1/certificates', 'evidence', 'issueCertificate', {
    summary: 'A certificate for the one entry that the evidence is bound to',
    body: issueBody,
    answers: [issuedAnswer],
    use: async (operations, { body, type, context }) => {
      const evidence = parseEvidence(body.evidence)
      if (!evidence.ok) return evidence
      const input = {
        csr: body.csr,
        evidence: evidence.value,
        ...(body.challenge !== undefined && { challenge: body.challenge }),
        ...ttlOf(body),
      }
      return issuedReply(await operations.issue(input, context), type)
    },
  }),
  route('POST /v1/renew', 'evidence', 'renewCertificate', {
    summary: 'The next certificate for the holder of a current one, shown by mutual TLS',
    body: renewBody,
    answers: [issuedAnswer],
    use: async (operations, { body, peerCertificate, type, context }) => {
      if (!peerCertificate) {
        return refuse('renewal.no-certificate', 'no client certificate was shown', {
          wanted: 'mutual TLS with the certificate to renew',
        })
      }
      const input = { csr: body.csr, peerCertificate, ...ttlOf(body) }
      return issuedReply(await operations.renew(input, context), type)
    },
  }),
]

function parseEvidence(evidence: EvidenceJson): Result<ShownEvidence> {
  switch (evidence.kind) {
    case 'join-token':
      return ok({ kind: 'join-token', token: evidence.token })
    case 'kubernetes': {
      if (evidence.cluster === undefined) return ok({ kind: 'kubernetes', token: evidence.token })
      const cluster = parseAlias(evidence.cluster)
      if (!cluster.ok) return cluster
      return ok({ kind: 'kubernetes', token: evidence.token, cluster: cluster.value })
    }
    default:
      return unreachable(evidence)
  }
}

const ttlOf = ({ ttlSeconds }: { readonly ttlSeconds?: number }): { readonly ttl?: Seconds } =>
  ttlSeconds === undefined ? {} : { ttl: seconds(ttlSeconds) }

function issuedReply(issued: Result<IssuedJson>, type: string): Result<Reply> {
  if (!issued.ok) return issued
  if (type === JSON_TYPE) return ok(json(201, issued.value))
  const { certificate, chain } = issued.value
  return ok({ status: 201, type: PEM_CHAIN_TYPE, body: [certificate, ...chain].join('') })
}
