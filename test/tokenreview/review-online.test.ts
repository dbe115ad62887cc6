import { describe, expect, it } from '@jest/globals'
import type { TokenReviewStatus } from '../../src/tokenreview/ports.js'
import { readReview } from '../../src/tokenreview/review-online.js'
import { AUDIENCE, identity, reviewedUser, without } from '../support/service-account-token.js'

const good: TokenReviewStatus = { authenticated: true, audiences: [AUDIENCE], user: reviewedUser }
const { extra, groups } = reviewedUser
const user = (changed: object): TokenReviewStatus => ({
  ...good,
  user: { ...reviewedUser, ...changed },
})
const extraKey = (key: string, values: readonly string[]): TokenReviewStatus =>
  user({ extra: { ...extra, [`authentication.kubernetes.io/${key}`]: values } })

describe('readReview', () => {
  it('reads the pod that the cluster vouches for', () => {
    expect(readReview(good, AUDIENCE)).toEqual({ ok: true, value: identity })
  })

  it('does without what clusters before 1.30 do not tell', () => {
    const rest = without(identity, 'nodeName', 'credentialId')
    const older = {
      'authentication.kubernetes.io/pod-name': [identity.podName],
      'authentication.kubernetes.io/pod-uid': [identity.podUid],
    }
    expect(readReview(user({ extra: older }), AUDIENCE)).toEqual({ ok: true, value: rest })
  })

  it('admits dots in the name of a service account', () => {
    const dotted = user({ username: 'system:serviceaccount:app:web.v2' })
    expect(readReview(dotted, AUDIENCE)).toMatchObject({ value: { serviceAccount: 'web.v2' } })
  })

  it('takes an error that is empty for none', () => {
    expect(readReview({ ...good, error: '' }, AUDIENCE).ok).toBe(true)
  })

  it.each([
    {
      when: 'authenticated is absent',
      status: { user: {}, error: 'invalid bearer token' },
      code: 'token.not-authenticated',
    },
    {
      when: 'authenticated is false',
      status: { ...good, authenticated: false },
      code: 'token.not-authenticated',
    },
    {
      when: 'an error stands beside a yes',
      status: { ...good, error: 'x' },
      code: 'token.not-authenticated',
    },
    { when: 'the answer is empty', status: {}, code: 'token.not-authenticated' },
    {
      when: 'audiences are absent: an authenticator that knows none (linkerd-identity)',
      status: { authenticated: true, user: reviewedUser },
      code: 'token.wrong-audience',
    },
    {
      when: 'audiences are empty',
      status: { ...good, audiences: [] },
      code: 'token.wrong-audience',
    },
    {
      when: 'audiences name another',
      status: { ...good, audiences: [`${AUDIENCE}/x`] },
      code: 'token.wrong-audience',
    },
    {
      when: 'the user is absent',
      status: { authenticated: true, audiences: [AUDIENCE] },
      code: 'token.not-a-service-account',
    },
    {
      when: 'it is an OIDC user',
      status: user({ username: 'jane@example.com' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'it is a bootstrap token',
      status: user({ username: 'system:bootstrap:abcdef' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'it is a node',
      status: user({ username: 'system:node:app:web' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the name has five parts',
      status: user({ username: 'system:serviceaccount:app:web:x' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the name has three parts',
      status: user({ username: 'system:serviceaccount:app' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the account is empty',
      status: user({ username: 'system:serviceaccount:app:' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the namespace has a dot',
      status: user({ username: 'system:serviceaccount:a.b:web' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the account has upper case',
      status: user({ username: 'system:serviceaccount:app:Web' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'a prefix maps an OIDC user on the name, without groups',
      status: user({ groups: ['system:authenticated'] }),
      code: 'token.not-a-service-account',
    },
    {
      when: "the namespace's group is missing",
      status: user({ groups: [groups[0]] }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the group of all accounts is missing',
      status: user({ groups: [groups[1]] }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the groups are of another namespace',
      status: user({ groups: [groups[0], 'system:serviceaccounts:other'] }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'there are no groups',
      status: user({ groups: undefined }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the name begins in another way',
      status: user({ username: 'oidc:serviceaccount:app:web' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'uid is absent',
      status: user({ uid: undefined }),
      code: 'token.not-a-service-account',
    },
    { when: 'uid is empty', status: user({ uid: '' }), code: 'token.not-a-service-account' },
    {
      when: 'extra is absent',
      status: user({ extra: undefined }),
      code: 'token.not-bound-to-a-pod',
    },
    {
      when: 'the pod has no name',
      status: extraKey('pod-name', []),
      code: 'token.not-bound-to-a-pod',
    },
    {
      when: 'the pod has two uids',
      status: extraKey('pod-uid', ['a', 'b']),
      code: 'token.not-bound-to-a-pod',
    },
    {
      when: 'the pod uid is empty',
      status: extraKey('pod-uid', ['']),
      code: 'token.not-bound-to-a-pod',
    },
  ])('refuses when $when', ({ status, code }) => {
    expect(readReview(status, AUDIENCE)).toMatchObject({ ok: false, refusal: { code } })
  })
})
