import type { V1SelfSubjectAccessReview } from '@kubernetes/client-node'
import { DependencyError } from '../core/dependency-error.js'
import type { Clock } from '../core/time.js'
import { parseJwks } from '../tokenreview/jwks.js'
import { parseUsername } from '../tokenreview/parse-service-account.js'
import type { AskedParty } from '../tokenreview/review-token.js'
import { discoveredIssuer } from './jwks-source.js'
import type { KubeConnection } from './kube-connection.js'
import { explainFailure } from './token-review-api.js'

/** One thing that must be so before a cluster's tokens can be judged. */
export interface ClusterCheck {
  readonly name: 'audience' | 'reachable' | 'clock' | 'token-review' | 'issuer' | 'keys'
  readonly ok: boolean
  readonly detail: string
  /** A command that would put it right, where there is one. */
  readonly next?: string
}

interface Subject {
  readonly options: { readonly issuer: string; readonly audience: string }
  readonly connection: KubeConnection | undefined
  readonly asked: AskedParty
  readonly clock: Clock
}

type Verdict = Omit<ClusterCheck, 'name'>

/** Seconds between two clocks before tokens are refused for it. */
const TOLERANCE = 10

/** All that the cluster's validation needs, each asked for once, in an order that explains itself. */
export async function checkCluster(
  subject: Subject,
  signal: AbortSignal,
): Promise<readonly ClusterCheck[]> {
  const { connection, asked } = subject
  const checks: ClusterCheck[] = [{ name: 'audience', ...checkAudience(subject) }]
  const run = async (
    name: ClusterCheck['name'],
    check: () => Promise<Verdict>,
  ): Promise<boolean> => {
    const verdict = await check().catch(failed)
    checks.push({ name, ...verdict })
    return verdict.ok
  }

  if (connection) {
    let date: string | undefined
    const answers = await run('reachable', async () => {
      const answer = await connection.get('/version', signal)
      date = answer.headers['date']
      return { ok: true, detail: 'the API server answers' }
    })
    // Every further question would fail for the same reason.
    if (!answers) return checks
    await run('clock', () => Promise.resolve(checkClock(date, subject.clock)))
    if (asked.validation !== 'offline') {
      await run('token-review', () => checkAllowed(connection, signal))
    }
    await run('issuer', () => checkIssuer(subject, connection, signal))
  }
  if (asked.validation !== 'online') {
    await run('keys', async () => {
      const keys = parseJwks(await asked.jwks.fetch(signal))
      if (keys.size === 0) return { ok: false, detail: 'the key set holds no usable key' }
      return { ok: true, detail: `${keys.size} usable, by kid: ${[...keys.keys()].join(', ')}` }
    })
  }
  return checks
}

/** An API server's own audience is its issuer, unless it was told otherwise. */
function checkAudience({ options }: Subject): Verdict {
  return options.audience === options.issuer
    ? {
        ok: false,
        detail: "the audience is the API server's own: every pod's default token would pass",
        next: 'register the cluster with an audience of this CA alone',
      }
    : { ok: true, detail: `tokens are asked to carry ${options.audience}` }
}

function checkClock(date: string | undefined, clock: Clock): Verdict {
  const theirs = Date.parse(date ?? '') / 1000
  if (Number.isNaN(theirs)) return { ok: false, detail: 'the API server tells no date' }
  const apart = Math.abs(theirs - clock.now())
  return {
    ok: apart <= TOLERANCE,
    detail: `the clocks are ${apart} seconds apart`,
    ...(apart <= TOLERANCE ? {} : { next: 'set both clocks by NTP' }),
  }
}

async function checkAllowed(connection: KubeConnection, signal: AbortSignal): Promise<Verdict> {
  const review = await createAccessReview(connection, signal).catch((error: unknown) => {
    throw new DependencyError(connection.name, explainFailure(connection, error))
  })
  if (review.status?.allowed === true) {
    return { ok: true, detail: 'this server may create TokenReviews' }
  }
  return {
    ok: false,
    detail: 'this server may not create tokenreviews.authentication.k8s.io',
    next: grantTokenReview(await whoAmI(connection, signal)),
  }
}

async function createAccessReview(
  connection: KubeConnection,
  signal: AbortSignal,
): Promise<V1SelfSubjectAccessReview> {
  const { library } = connection
  const api = new library.AuthorizationV1Api(connection.configuration(signal))
  const resourceAttributes = Object.assign(new library.V1ResourceAttributes(), {
    group: 'authentication.k8s.io',
    resource: 'tokenreviews',
    verb: 'create',
  })
  const body = Object.assign(new library.V1SelfSubjectAccessReview(), {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: Object.assign(new library.V1SelfSubjectAccessReviewSpec(), { resourceAttributes }),
  })
  return api.createSelfSubjectAccessReview({ body })
}

async function checkIssuer(
  { options, asked }: Subject,
  connection: KubeConnection,
  signal: AbortSignal,
): Promise<Verdict> {
  let found: unknown
  try {
    found = await discoveredIssuer(connection, signal)
  } catch (error) {
    // TokenReview needs no discovery; only who reads keys there must be able to.
    const verdict = failed(error)
    if (asked.validation === 'online') {
      return { ok: true, detail: `not compared: ${verdict.detail}` }
    }
    return { ...verdict, next: grantDiscovery(await whoAmI(connection, signal)) }
  }
  if (found === options.issuer) return { ok: true, detail: options.issuer }
  return {
    ok: false,
    detail: `the cluster's tokens come from ${JSON.stringify(found)}, not ${options.issuer}`,
    next: 'register the cluster with its own issuer',
  }
}

/** Our user name in that cluster; undefined where it does not say (before 1.28). */
async function whoAmI(
  connection: KubeConnection,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { AuthenticationV1Api, V1SelfSubjectReview } = connection.library
  const api = new AuthenticationV1Api(connection.configuration(signal))
  const body = Object.assign(new V1SelfSubjectReview(), {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  })
  const review = await api.createSelfSubjectReview({ body }).catch(() => undefined)
  return review?.status?.userInfo?.username
}

const grantTokenReview = (user: string | undefined): string =>
  'kubectl create clusterrole capstan-token-review --verb=create ' +
  '--resource=tokenreviews.authentication.k8s.io && ' +
  'kubectl create clusterrolebinding capstan-token-review ' +
  `--clusterrole=capstan-token-review ${subjectFlag(user)}`

const grantDiscovery = (user: string | undefined): string =>
  'kubectl create clusterrolebinding capstan-issuer-discovery ' +
  `--clusterrole=system:service-account-issuer-discovery ${subjectFlag(user)}`

function subjectFlag(user = '<the user of this server>'): string {
  const account = parseUsername(user)
  if (account) return `--serviceaccount=${account.namespace}:${account.serviceAccount}`
  return `--user='${user.replaceAll("'", String.raw`'\''`)}'`
}

function failed(error: unknown): Verdict {
  return { ok: false, detail: error instanceof Error ? error.message : 'the check itself failed' }
}
