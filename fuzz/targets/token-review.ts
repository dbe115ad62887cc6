import { isDnsLabel } from '../../src/core/alias.js'
import { readTokenReview } from '../../src/kube/token-review-api.js'
import { readReview } from '../../src/tokenreview/review-online.js'
import { mutateJson, parse } from '../mutate/json.js'
import { endingOf, hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

const AUDIENCE = 'https://ca.example'

/** What whoever sits in the place of an API server may answer to the question about a token. */
function run(input: Uint8Array): string {
  const text = Buffer.from(input).toString('utf8')
  const status = readTokenReview(text)
  if (!status) return 'no review'
  hold(namesOf(parse(input), ['kind']).kind === 'TokenReview', 'what is read is a TokenReview')
  const review = readReview(status, AUDIENCE)
  if (!review.ok) return endingOf(review.refusal)
  const { namespace, serviceAccount, serviceAccountUid, podName, podUid, ...more } = review.value
  const said = namesOf(namesOf(parse(input), ['status']).status, ['authenticated', 'error', 'user'])
  hold(said.authenticated === true, 'nobody is believed whom the server does not vouch for')
  hold(said.error === undefined || said.error === '', 'an answer with an error is no yes')
  hold(status.audiences?.includes(AUDIENCE) === true, 'the token is for the audience')
  const user = namesOf(said.user, ['username', 'uid'])
  const account = `system:serviceaccount:${namespace}:${serviceAccount}`
  hold(user.username === account, 'who is believed is who was named')
  hold(isDnsLabel(namespace), 'a namespace is a DNS label')
  hold(user.uid === serviceAccountUid, 'the uid is the one that was said')
  const groups = status.user?.groups ?? []
  hold(groups.includes(`system:serviceaccounts:${namespace}`), 'the groups agree')
  const written = JSON.stringify(said.user)
  for (const part of [podName, podUid, ...Object.values(more)]) {
    hold(written.includes(JSON.stringify(part)), 'what is believed stands in the answer')
    hold(part !== '', 'nothing that is believed is empty')
  }
  return `believed ${Object.keys(more).sort().join(' ')}`
}

/** Members of an object's own. */
function namesOf<K extends string>(
  value: unknown,
  names: readonly K[],
): Partial<Record<K, unknown>> {
  const found: Partial<Record<K, unknown>> = {}
  if (typeof value !== 'object' || value === null) return found
  for (const name of names) {
    if (Object.hasOwn(value, name)) found[name] = (value as Record<K, unknown>)[name]
  }
  return found
}

const EXTRA = 'authentication.kubernetes.io/'
const good = {
  kind: 'TokenReview',
  apiVersion: 'authentication.k8s.io/v1',
  metadata: {},
  spec: { token: 'x.y.z', audiences: [AUDIENCE] },
  status: {
    authenticated: true,
    user: {
      username: 'system:serviceaccount:shop:web',
      uid: '6f1b6a0e-6a53-4a3c-9e53-6d2f7a1b0c11',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      extra: {
        [`${EXTRA}credential-id`]: ['JTI=1c6a'],
        [`${EXTRA}node-name`]: ['node-1'],
        [`${EXTRA}pod-name`]: ['web-0'],
        [`${EXTRA}pod-uid`]: ['0b9c1c1e-58f7-4a57-8f0f-3f1c3d6e7a10'],
      },
    },
    audiences: [AUDIENCE],
  },
}

const seeds = (): readonly Uint8Array[] =>
  [
    good,
    { ...good, status: { authenticated: false, error: 'the token has expired' } },
    { ...good, status: { ...good.status, audiences: ['https://other.example'] } },
    { ...good, status: { ...good.status, user: { username: 'system:admin', groups: [] } } },
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 403 },
  ].map((value) => Buffer.from(JSON.stringify(value)))

export const target: Target = { seeds, mutators: [mutateJson], run }
