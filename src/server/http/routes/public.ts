import { ok } from '../../../core/result.js'
import { identifierParameter } from '../parameters.js'
import { CRL_TYPE, json, JSON_TYPE, METRICS_TYPE, PEM_BUNDLE_TYPE } from '../reply.js'
import { answered, jsonAnswer, type Route, route } from '../route.js'

/** The text of every metric, in the Prometheus exposition format. */
export type MetricsText = () => Promise<string>

/** What probes and scrapers ask. Nothing here is limited: a throttled probe would restart the server. */
export const healthRoutes = (metrics: MetricsText): readonly Route[] => [
  route('GET /live', 'public', 'live', {
    summary: 'Is the process alive?',
    answers: [jsonAnswer(200, 'Live', 'It is')],
    use: () => Promise.resolve(ok(json(200, { live: true }))),
  }),
  route('GET /ready', 'public', 'ready', {
    summary: 'Can it issue right now, and if not, why?',
    answers: [
      jsonAnswer(200, 'Readiness', 'It can'),
      jsonAnswer(503, 'Readiness', 'It cannot: the checks say why'),
    ],
    use: async (operations) => {
      const readiness = await operations.readiness()
      return ok(json(readiness.ready ? 200 : 503, readiness))
    },
  }),
  route('GET /metrics', 'public', 'metrics', {
    summary: 'Metrics for Prometheus',
    answers: [{ status: 200, description: 'All of them', content: { [METRICS_TYPE]: null } }],
    use: async () => ok({ status: 200, type: METRICS_TYPE, body: await metrics() }),
  }),
]

/** What a verifier needs. Served to anyone: none of it is secret, and all of it is signed or pinned. */
export const trustRoutes: readonly Route[] = [
  route('GET /v1/bundle', 'public', 'trustBundle', {
    summary: 'The trust anchors, as PEM or as JSON',
    answers: [
      {
        status: 200,
        description: 'The current set',
        content: { [PEM_BUNDLE_TYPE]: null, [JSON_TYPE]: 'TrustBundle' },
      },
    ],
    use: async (operations, { type }) => {
      const bundle = await operations.bundle()
      if (type === JSON_TYPE) return ok(json(200, bundle))
      const body = bundle.trustAnchors.map((anchor) => anchor.pem).join('')
      return ok({ status: 200, type: PEM_BUNDLE_TYPE, body })
    },
  }),
  route('GET /v1/bundle/spiffe', 'public', 'spiffeBundle', {
    summary: 'The trust anchors as a SPIFFE bundle',
    answers: [jsonAnswer(200, 'SpiffeBundle', 'A JWK set')],
    use: (operations) => answered(200, okOf(operations.spiffeBundle())),
  }),
  route('GET /v1/crl/{issuer}.crl', 'public', 'revocationList', {
    summary: 'The revocation list of one issuer',
    path: {
      issuer: identifierParameter(
        'the id of an issuer: hex of 8 octets of its key identifier',
        /^[0-9a-f]{16}$/,
        '5b7d1f2846a0c8e2',
      ),
    },
    answers: [{ status: 200, description: 'DER CertificateList', content: { [CRL_TYPE]: null } }],
    use: async (operations, { path }) => {
      const crl = await operations.crl(path.issuer)
      return crl.ok ? ok({ status: 200, type: CRL_TYPE, body: crl.value }) : crl
    },
  }),
]

const okOf = async <T>(value: T | Promise<T>): Promise<ReturnType<typeof ok<T>>> => ok(await value)
