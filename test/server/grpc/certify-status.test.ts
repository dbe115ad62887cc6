import { describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../../src/core/dependency-error.js'
import { faultOf, type RefusalCode } from '../../../src/core/refusal.js'
import {
  certifyStatus,
  refusalFailure,
  thrownFailure,
} from '../../../src/server/grpc/certify-status.js'
import { grpcStatus, type GrpcStatus } from '../../../src/server/grpc/status.js'

describe('certifyStatus', () => {
  // What Linkerd's identity service answers in the same place.
  it.each<{ when: string; code: RefusalCode; status: GrpcStatus }>([
    { when: 'no issuer is loaded', code: 'ca.no-issuer', status: 14 },
    { when: 'the issuer has expired', code: 'ca.expired', status: 14 },
    { when: 'a field is missing', code: 'request.malformed', status: 3 },
    { when: 'the CSR does not parse', code: 'csr.malformed', status: 3 },
    { when: 'the CSR is too large', code: 'csr.too-large', status: 3 },
    { when: 'the CSR is not signed by its key', code: 'csr.bad-signature', status: 3 },
    { when: 'the CSR asks for other names', code: 'csr.other-names', status: 9 },
    { when: 'the CSR asks for a CA', code: 'csr.asks-for-ca', status: 9 },
    { when: 'the key is not ECDSA', code: 'csr.key-not-allowed', status: 13 },
    { when: 'the token is not authenticated', code: 'token.not-authenticated', status: 9 },
    { when: 'the token has expired', code: 'token.expired', status: 9 },
    { when: 'the token is for another audience', code: 'token.wrong-audience', status: 9 },
    { when: 'the token is signed by nobody known', code: 'token.bad-signature', status: 9 },
    { when: 'the token is no token', code: 'token.malformed', status: 3 },
    { when: 'the user is no service account', code: 'token.not-a-service-account', status: 3 },
    { when: 'the token is of another identity', code: 'grant.other-identity', status: 9 },
    { when: 'no entry is bound', code: 'grant.no-entry', status: 9 },
    { when: 'the entry is suspended', code: 'grant.not-active', status: 9 },
    { when: 'the server is overloaded', code: 'server.overloaded', status: 8 },
    { when: 'the caller is throttled', code: 'request.throttled', status: 8 },
    { when: 'the server stops', code: 'server.stopping', status: 14 },
  ])('is $status when $when', ({ code, status }) => {
    expect(certifyStatus(code)).toBe(status)
  })

  it.each(Object.keys(faultOf) as RefusalCode[])('has a failure for %s', (code) => {
    expect(Object.values(grpcStatus)).toContain(certifyStatus(code))
    expect(certifyStatus(code)).not.toBe(0)
  })

  it.each(
    (Object.keys(faultOf) as RefusalCode[]).filter((code) => faultOf[code] === 'unavailable'),
  )('answers %s as something to try again', (code) => {
    expect(certifyStatus(code)).toBe(grpcStatus.UNAVAILABLE)
  })
})

describe('the message of a failure', () => {
  it('names code, reason and request', () => {
    expect(refusalFailure({ code: 'grant.no-entry', detail: 'no entry is bound' }, 'r-1')).toEqual({
      status: 9,
      message: 'grant.no-entry: no entry is bound (request r-1)',
    })
  })

  it.each<{ when: string; thrown: unknown; status: GrpcStatus }>([
    { when: 'a TokenReview', thrown: new DependencyError('kubernetes prod', 'secret'), status: 13 },
    { when: 'a cluster', thrown: new DependencyError('cluster prod', 'secret'), status: 13 },
    { when: 'the store', thrown: new DependencyError('store', 'secret'), status: 14 },
    { when: 'a key', thrown: new DependencyError('key issuer-1', 'secret'), status: 14 },
    { when: 'a bug', thrown: new Error('secret'), status: 13 },
    { when: 'not even an error', thrown: 'secret', status: 13 },
  ])('keeps what was thrown by $when to itself', ({ thrown, status }) => {
    const failure = thrownFailure(thrown, 'r-1')
    expect(failure.status).toBe(status)
    expect(failure.message).not.toContain('secret')
    expect(failure.message).toContain('r-1')
  })
})
