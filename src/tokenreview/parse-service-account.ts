import { isDnsLabel } from '../core/alias.js'
import { parseDnsName } from '../core/names.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { TokenReviewStatus } from './ports.js'
import type { TokenIdentity } from './token-identity.js'

/** Who an authenticator of the API server says that a token belongs to. */
export type ReviewedUser = NonNullable<TokenReviewStatus['user']>

export type ServiceAccountRefusal = Refusal<
  'token.not-a-service-account' | 'token.not-bound-to-a-pod'
>

/** Keys of `user.extra` (k8s.io/apiserver/pkg/authentication/serviceaccount/util.go). */
const EXTRA = 'authentication.kubernetes.io/'

/**
 * An API server asks all its authenticators: a user may come from OIDC, a webhook or a static file.
 * A service account is one whose name and groups agree on it, down to the pod.
 */
export function parseServiceAccount(
  user: ReviewedUser,
): Result<TokenIdentity, ServiceAccountRefusal> {
  const name = parseUsername(user.username ?? '')
  if (!name) return notAServiceAccount('the user name is of another kind')
  const groups = new Set(user.groups ?? [])
  if (
    !groups.has('system:serviceaccounts') ||
    !groups.has(`system:serviceaccounts:${name.namespace}`)
  ) {
    return notAServiceAccount('the groups are not those of its service account')
  }
  if (user.uid === undefined || user.uid === '') return notAServiceAccount('no uid')

  const podName = only(user, 'pod-name')
  const podUid = only(user, 'pod-uid')
  if (podName === undefined || podUid === undefined) {
    return refuse('token.not-bound-to-a-pod', 'the token is not bound to a running pod', {
      wanted: 'a projected service account token',
    })
  }
  const nodeName = only(user, 'node-name')
  const credentialId = only(user, 'credential-id')
  return ok({
    serviceAccountUid: user.uid,
    podName,
    podUid,
    ...name,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(credentialId === undefined ? {} : { credentialId }),
  })
}

/** `system:serviceaccount:<namespace>:<name>`, exactly four parts. */
export function parseUsername(
  text: string,
): Pick<TokenIdentity, 'namespace' | 'serviceAccount'> | undefined {
  const parts = text.split(':', 5)
  const [system, kind, namespace = '', serviceAccount = ''] = parts
  if (parts.length !== 4 || system !== 'system' || kind !== 'serviceaccount') return undefined
  // A namespace is a DNS label; a service account's name is a DNS subdomain and may hold dots.
  if (!isDnsLabel(namespace) || parseDnsName(serviceAccount) === undefined) return undefined
  return { namespace, serviceAccount }
}

/** The one value of an extra key. Two values would leave the choice to the reader. */
function only(user: ReviewedUser, key: string): string | undefined {
  const extra = user.extra ?? {}
  const values = Object.hasOwn(extra, EXTRA + key) ? extra[EXTRA + key] : undefined
  const [value] = values ?? []
  return values?.length === 1 && value !== '' ? value : undefined
}

function notAServiceAccount(
  found: string,
): ReturnType<typeof refuse<'token.not-a-service-account'>> {
  return refuse('token.not-a-service-account', 'the token does not belong to a service account', {
    found,
  })
}
