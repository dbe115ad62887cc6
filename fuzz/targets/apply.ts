import { type ParsedYaml, parseYaml } from '../../src/config/yaml-source.js'
import type { NamespaceDocument } from '../../src/namespace/change-request.js'
import { documentSchema } from '../../src/namespace/schema.js'
import { canonicalState } from '../../src/namespace/state.js'
import { applyBody } from '../../src/server/http/schema/change-bodies.js'
import type { JsonBody } from '../../src/server/operations.js'
import { parseStrictJson } from '../../src/server/http/strict-json.js'
import { ownIndex, smallIndex } from '../given/small-index.js'
import { yamlBySchema } from '../mutate/by-schema.js'
import type { Schema } from '../mutate/generate.js'
import { mutateLines, mutateYaml } from '../mutate/lines.js'
import { endingOf, hold } from '../oracle/hold.js'
import { checkApplied, checkIndex } from '../oracle/index-state.js'
import type { Target } from '../target.js'

const before = canonicalState(smallIndex.state)

/**
 * The YAML library takes about 0.8 us an octet for an ordinary file, 2 us for nothing but "-" and line
 * ends, and four times that where each is an error: linear, but 50 ms at best for 64 KiB. What it reads
 * is a file of the operator's own, once.
 */
const SLOW_YAML_MS = 500

/** What `capstan apply -f FILE` and the server behind it do with a file. */
function run(input: Uint8Array): string {
  const document = documentOf(input)
  if (typeof document === 'string') return document
  const planned = smallIndex.plan(document)
  if (!planned.ok) return endingOf(planned.refusal)
  for (const { subject, lines } of planned.value) {
    hold(!CONTROL.test(subject + lines.join('')), 'a plan is fit for a terminal')
  }
  return planned.value.map(({ request }) => request.op).join(' ')
}

/** The document as it arrives, or how the way there ended. */
function documentOf(input: Uint8Array): string | JsonBody {
  const text = Buffer.from(input).toString('utf8')
  const parsed = parseYaml(text)
  checkLines(text, parsed)
  if (!parsed.ok)
    return parsed.problems
      .map(({ what }) => what)
      .join(', ')
      .slice(0, 160)
  const sent = JSON.stringify({ document: parsed.source.value, dryRun: true })
  const body = parseStrictJson(Buffer.from(sent))
  if (!body.ok) return endingOf(body.refusal)
  const call = applyBody.parse(body.value)
  return call.ok ? call.value.document : endingOf(call.refusal)
}

/** Makes it so, where that is a matter of few changes. */
async function check(input: Uint8Array): Promise<string> {
  const document = documentOf(input)
  const planned = typeof document === 'string' ? undefined : smallIndex.plan(document)
  hold(canonicalState(smallIndex.state) === before, 'planning changes nothing')
  if (!planned?.ok || planned.value.length > MOST_CHANGES) return ''
  const { index } = await ownIndex()
  const applied = await index.apply(document)
  if (!applied.ok) {
    hold(canonicalState(index.state) === before, 'what is refused leaves nothing behind')
    return endingOf(applied.refusal)
  }
  const rest = index.plan(document)
  hold(rest.ok && rest.value.length === 0, 'applying a document twice changes nothing')
  hold((await index.verify()).ok, 'what was applied is what the log says')
  checkIndex(index.state)
  checkApplied(index.state, document as unknown as NamespaceDocument)
  return applied.value
    .map((made) => (made.kind === 'changed' ? made.change.class : made.kind))
    .join(' ')
}

const MOST_CHANGES = 16

const CONTROL = /[\p{Cc}\u2028\u2029]/u

function checkLines(text: string, parsed: ParsedYaml): void {
  const lines = text.split(/\r\n|\r|\n/).length
  if (parsed.ok) {
    for (const path of [[], ['entries', 0, 'alias'], ['entries', 1], ['scopes', 0, 'envelope']]) {
      const line = parsed.source.lineOf(path)
      hold(line >= 1 && line <= lines, 'a place is a line of the file')
    }
    return
  }
  hold(parsed.problems.length > 0, 'what is refused has a problem')
  for (const { line, what } of parsed.problems) {
    hold(line >= 0 && line <= lines, 'a problem is on a line of the file')
    hold(/^[\w :.]+$/.test(what), 'a problem does not quote the file')
  }
}

const documents = [
  `apiVersion: capstan/v1
clusters:
  - alias: prod
    identityTrustDomain: cluster.local
    controlPlaneNamespace: linkerd
    issuer: https://prod.example
    audience: capstan
    validation: online
scopes:
  - alias: payments/eu
    envelope: { maxTtl: 3600 }
  - alias: payments
    envelope: { maxTtl: 7200, clusters: [prod] }
entries:
  - alias: payments/api
    owner: { controller: team-payments, contact: '#payments' }
    bindings:
      - { kind: k8s, cluster: prod, namespace: payments, serviceAccount: api }
    labels: { tier: '1' }
    validUntil: 2027-01-31T00:00:00Z
  - alias: payments/eu/api
    owner: &owner { controller: team-eu }
    envelope: { maxTtl: 600, ports: [[443, 443], [1, 80]], names: [payments] }
    state: suspended
  - alias: shop/web
    owner: *owner
    bindings:
      - { kind: edge, attestor: tpm, device: d1 }
      - { kind: vm, attestor: aws, match: { region: [eu-1, eu-2] } }
`,
  `apiVersion: capstan/v1
scopes:
  - alias: shop
    guards: [{ id: quiet, effect: forbid, ports: [[23, 23]] }]
entries:
  - alias: shop/api
    owner: { controller: team-shop }
    envelope: { mayAccept: [''], ports: [[1, 9000]] }
    rules:
      - callers: [shop/web, { subtree: shop }]
        ports: [8080]
        routes: [{ method: GET, path: { prefix: /orders } }]
    splits: [{ port: 8080, backendRefs: [{ entry: shop/web, weight: 3 }] }]
  - alias: shop/web
    owner: { controller: team-shop }
`,
  `apiVersion: capstan/v1
prune: true
entries: []
`,
  `# nothing to do
apiVersion: "capstan/v1"
entries:
- alias: payments/api
  owner:
    controller: team-payments
  labels:
    tier: "1"
  bindings:
  - kind: k8s
    cluster: prod
    namespace: payments
    serviceAccount: api
`,
  `apiVersion: capstan/v1
clusters:
  - alias: edge/one
    identityTrustDomain: one.example
    controlPlaneNamespace: linkerd
    issuer: https://one.example
    audience: capstan
    validation: both
    tokenReview: { kubeconfig: /etc/one, context: one }
    jwks: { url: https://one.example/keys }
  - alias: prod
    identityTrustDomain: cluster.local
    controlPlaneNamespace: linkerd
    issuer: https://prod.example
    audience: another
    validation: offline
    tokenReview: { inCluster: true }
    jwks: { discovery: true }
scopes:
  - alias: ''
    envelope: { maxTtl: 86400, keyAlgs: [ecdsa-p256], names: [''], capabilities: [reader] }
  - alias: shop
    envelope: { mayCall: [payments], mayAccept: [shop], clusters: '*', allowUnauthenticated: false }
entries:
  - alias: payments/api
    owner: { controller: team-payments, contact: '#new' }
    envelope: { maxTtl: 3600, graceAfterExpiry: 60, federate: [], usages: [serverAuth] }
    labels: { tier: '2', 'a.b/c': '' }
    bindings:
      - { kind: k8s, cluster: prod, namespace: payments, serviceAccount: api.v2 }
    validUntil: 1800000000
    state: suspended
  - alias: shop/web
    owner: { controller: team-payments }
    bindings:
      - { kind: vm, attestor: aws, match: { region: [eu-1] } }
      - { kind: edge, attestor: tpm, device: d1, fleet: f }
    state: active
prune: true
`,
  '{"apiVersion": "capstan/v1", "scopes": [{"alias": "a"}, {"alias": "a/b"}]}',
  'a: &x [1, 2]\nb: [*x, *x]\n? [c]\n: |+\n  text\n\n---\n',
  'a: !!binary aGk=\nb: !!set {x}\nc: 0o17\nd: .inf\ne: "\\u0041\\n"\nf: >-\n  folded\n  text\n',
]

const bySchema = yamlBySchema(documentSchema as Schema)

const seeds = (): readonly Uint8Array[] => documents.map((text) => Buffer.from(text))

export const target: Target = {
  slowMs: SLOW_YAML_MS,
  seeds,
  mutators: [bySchema, bySchema, bySchema, bySchema, mutateYaml, mutateYaml, mutateLines],
  run,
  check,
}
