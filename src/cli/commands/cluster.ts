import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { cell, renderTable } from '../screen/table.js'
import { changeOptions, sendChange } from './change.js'
import { renderChecks } from './checks.js'
import { byAlias } from './scope-tree.js'

const fieldOptions: readonly OptionSpec[] = [
  {
    flags: '--identity-trust-domain <domain>',
    description: "Linkerd's identity trust domain, for example cluster.local",
  },
  {
    flags: '--control-plane-namespace <namespace>',
    description: "Linkerd's own namespace, for example linkerd",
  },
  { flags: '--issuer <url>', description: 'the exact issuer of its service account tokens' },
  { flags: '--audience <audience>', description: 'the one audience that tokens for this CA carry' },
  {
    flags: '--validation <how>',
    description: 'ask the API server, check signatures here, or both',
    choices: ['online', 'offline', 'both'],
  },
  { flags: '--kubeconfig <file>', description: 'how to reach its API server' },
  { flags: '--context <name>', description: 'the context in that kubeconfig' },
  { flags: '--in-cluster', description: 'Capstan runs in this cluster' },
  { flags: '--jwks-file <file>', description: 'its token keys, from a file' },
  { flags: '--jwks-url <url>', description: 'its token keys, from an HTTPS address' },
  { flags: '--discovery', description: "its token keys, from its issuer's discovery document" },
]

/** The fields given on the command line. Ways to one thing exclude each other. */
function fieldsOf(call: Invocation): Outcome<Readonly<Record<string, unknown>>> {
  const plain = ['identityTrustDomain', 'controlPlaneNamespace', 'issuer', 'audience', 'validation']
  const fields: Record<string, unknown> = {}
  for (const name of plain) {
    const value = call.text(name)
    if (value !== undefined) fields[name] = value
  }
  const [kubeconfig, context] = [call.text('kubeconfig'), call.text('context')]
  if (kubeconfig !== undefined && call.has('inCluster')) {
    return usage('--kubeconfig and --in-cluster exclude each other')
  }
  if (context !== undefined && kubeconfig === undefined)
    return usage('--context goes with --kubeconfig')
  if (kubeconfig !== undefined) {
    fields['tokenReview'] = {
      kubeconfig: call.path(kubeconfig),
      ...(context === undefined ? {} : { context }),
    }
  }
  if (call.has('inCluster')) fields['tokenReview'] = { inCluster: true }
  const [file, url] = [call.text('jwksFile'), call.text('jwksUrl')]
  const sources = [
    ...(file === undefined ? [] : [{ file: call.path(file) }]),
    ...(url === undefined ? [] : [{ url }]),
    ...(call.has('discovery') ? [{ discovery: true }] : []),
  ]
  if (sources.length > 1) return usage('--jwks-file, --jwks-url and --discovery exclude each other')
  if (sources[0] !== undefined) fields['jwks'] = sources[0]
  return { ok: true, value: fields }
}

async function add(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const fields = fieldsOf(call)
  if (!fields.ok) return fields
  const cluster = {
    identityTrustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    validation: 'tokenReview' in fields.value ? 'online' : 'offline',
    ...fields.value,
  }
  const missing = ['issuer', 'audience'].filter((name) => !(name in cluster))
  if (missing.length > 0) {
    return usage('a cluster has an issuer and an audience', {
      wanted: missing.map((name) => `--${name}`).join(' and '),
    })
  }
  return sendChange(call, { op: 'cluster.register', alias: alias.value, cluster })
}

async function update(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const fields = fieldsOf(call)
  if (!fields.ok) return fields
  if (Object.keys(fields.value).length === 0) return usage('nothing to update')
  const api = await call.operator()
  if (!api.ok) return api
  const current = await api.value.read(`/v1/clusters/${segment(alias.value)}`)
  if (!current.ok) return current
  const kept = Object.fromEntries(
    clusterFields
      .filter((name) => !current.value.absent(name))
      .map((name) => [name, current.value.value[name]]),
  )
  return sendChange(call, {
    op: 'cluster.update',
    alias: alias.value,
    cluster: { ...kept, ...fields.value },
  })
}

const clusterFields = [
  'identityTrustDomain',
  'controlPlaneNamespace',
  'issuer',
  'audience',
  'validation',
  'tokenReview',
  'jwks',
]

async function remove(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  return alias.ok ? sendChange(call, { op: 'cluster.remove', alias: alias.value }) : alias
}

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const cluster = await api.value.read(`/v1/clusters/${segment(alias.value)}`)
  if (!cluster.ok) return cluster
  return answer(cluster.value.value, (look) => renderCluster(look, cluster.value))
}

function renderCluster(look: Look, cluster: JsonReader): string {
  const fields: readonly Field[] = [
    ['cluster', cluster.text('alias')],
    ['uid', cluster.optional('uid')],
    ['identity trust domain', cluster.text('identityTrustDomain')],
    ['control plane namespace', cluster.text('controlPlaneNamespace')],
    ['token issuer', cluster.text('issuer')],
    ['audience', cluster.text('audience')],
    ['validation', cluster.text('validation')],
    ['token review', showTokenReview(cluster.optionalObject('tokenReview'))],
    ['token keys', showJwks(cluster.optionalObject('jwks'))],
  ]
  return renderFields(look, fields)
}

function showTokenReview(review: JsonReader | undefined): string | undefined {
  if (review === undefined) return undefined
  if (!review.absent('inCluster')) return 'in this cluster'
  const context = review.optional('context')
  return `${review.text('kubeconfig')}${context === undefined ? '' : ` context ${context}`}`
}

function showJwks(jwks: JsonReader | undefined): string | undefined {
  return jwks && (jwks.optional('file') ?? jwks.optional('url') ?? 'discovery document')
}

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const clusters = await api.value.read('/v1/clusters')
  if (!clusters.ok) return clusters
  const rows = byAlias(clusters.value.objects('clusters'))
  return answer(clusters.value.value, (look) => {
    if (rows.length === 0)
      return 'no clusters; capstan cluster add ALIAS --issuer URL --audience AUDIENCE'
    return renderTable(
      look,
      [
        { title: 'CLUSTER' },
        { title: 'VALIDATION' },
        { title: 'ISSUER', shrinks: 'when-narrow' },
        { title: 'AUDIENCE', shrinks: 'when-narrow' },
      ],
      rows.map((row) =>
        ['alias', 'validation', 'issuer', 'audience'].map((key) => cell(row.text(key))),
      ),
    )
  })
}

async function check(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const report = await api.value.send(`/v1/clusters/${segment(alias.value)}/check`)
  if (!report.ok) return report
  return answer(
    report.value.value,
    (look) => renderChecks(look, report.value.objects('checks')),
    report.value.flag('ok') ? exitCode.ok : exitCode.unavailable,
  )
}

const oneCluster = (path: string, summary: string, run: CommandSpec['run']): CommandSpec => ({
  path: `cluster ${path}`,
  arguments: '<alias>',
  summary,
  examples: [`capstan cluster ${path} prod`],
  run,
})

export const clusterCommands: readonly CommandSpec[] = [
  {
    path: 'cluster add',
    arguments: '<alias>',
    summary: 'register a Kubernetes cluster whose tokens are evidence',
    options: [...fieldOptions, ...changeOptions],
    examples: [
      'capstan cluster add prod --issuer https://kubernetes.default.svc.cluster.local --audience capstan.acme.example --in-cluster',
      'capstan cluster add edge --issuer https://edge.acme.example --audience capstan.acme.example --jwks-file edge-jwks.json',
    ],
    run: add,
  },
  {
    path: 'cluster update',
    arguments: '<alias>',
    summary: 'change how a cluster is reached or checked',
    details: ['Fields that are not named keep their value.'],
    options: [...fieldOptions, ...changeOptions],
    examples: ['capstan cluster update prod --validation both --discovery'],
    run: update,
  },
  oneCluster('show', 'show one cluster', show),
  { path: 'cluster ls', summary: 'list the clusters', examples: ['capstan cluster ls'], run: list },
  {
    path: 'cluster rm',
    arguments: '<alias>',
    summary: 'take a cluster out of the index, once nothing is bound to it',
    options: changeOptions,
    examples: ['capstan cluster rm edge --reason "site closed"'],
    run: remove,
  },
  {
    ...oneCluster('check', 'try everything that a token of this cluster needs', check),
    details: ['Ends with 6 when a check fails; each failed check says what to do.'],
  },
]
