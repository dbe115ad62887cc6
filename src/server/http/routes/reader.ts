import { ROOT } from '../../../core/alias.js'
import { ok } from '../../../core/result.js'
import {
  afterParameter,
  aliasParameter,
  commitsParameter,
  ENTRIES_IN_A_PAGE,
  limitParameter,
  liveParameter,
  pageParameter,
  prefixParameter,
  proposalParameter,
  scopeParameter,
  serialParameter,
} from '../parameters.js'
import { json, JSON_TYPE } from '../reply.js'
import { answered, jsonAnswer, listed, type Route, route } from '../route.js'
import { askedCall, askedPorts, callParameters, portsParameters } from './asked.js'
import { inspectBody } from '../schema/issue-bodies.js'

const DEFAULT_LIMIT = 100

/** What people and machines look at to operate the CA. */
export const readerRoutes: readonly Route[] = [
  route('GET /v1/status', 'reader', 'status', {
    summary: 'The index, the issuer, the trust anchors and the server at a glance',
    answers: [jsonAnswer(200, 'Status', 'As of now')],
    use: async (operations) => ok(json(200, await operations.status())),
  }),
  route('GET /v1/entries', 'reader', 'listEntries', {
    summary: 'Entries, all or under one alias, a page at a time',
    query: { prefix: prefixParameter, limit: pageParameter, after: afterParameter },
    answers: [
      jsonAnswer(200, 'Entries', 'In the order of their aliases; `next` where more of them follow'),
    ],
    use: (operations, { query }) =>
      answered(
        200,
        operations.entries({
          prefix: query.prefix ?? ROOT,
          ...(query.after !== undefined && { after: query.after }),
          limit: query.limit ?? ENTRIES_IN_A_PAGE,
        }),
      ),
  }),
  route('GET /v1/entries/{alias}', 'reader', 'showEntry', {
    summary: 'One entry',
    path: { alias: aliasParameter },
    answers: [jsonAnswer(200, 'Entry', 'As of now')],
    use: (operations, { path }) => answered(200, operations.entry(path.alias)),
  }),
  route('GET /v1/entries/{alias}/log', 'reader', 'entryLog', {
    summary: 'What was changed about an entry, by whom and why',
    path: { alias: aliasParameter },
    answers: [jsonAnswer(200, 'History', 'Oldest first')],
    use: (operations, { path }) => listed('history', operations.history(path.alias)),
  }),
  route('GET /v1/entries/{alias}/bundle', 'reader', 'entryBundle', {
    summary: 'An entry, its scopes and rules, and what proves them: verified without a server',
    path: { alias: aliasParameter },
    query: { commits: commitsParameter },
    answers: [
      {
        status: 200,
        description: 'Canonical JSON, as docs/format-bundle.md says, and a line feed',
        content: { [JSON_TYPE]: null },
      },
    ],
    use: async (operations, { path, query }) => {
      const bundle = await operations.entryBundle(path.alias, query.commits ?? 'needed')
      return bundle.ok ? ok({ status: 200, type: JSON_TYPE, body: bundle.value }) : bundle
    },
  }),
  route('GET /v1/scopes', 'reader', 'listScopes', {
    summary: 'All scopes',
    answers: [jsonAnswer(200, 'Scopes', 'In the order of their aliases')],
    use: (operations) => listed('scopes', operations.scopes()),
  }),
  route('GET /v1/scopes/{alias}', 'reader', 'showScope', {
    summary: 'One scope',
    path: { alias: scopeParameter },
    answers: [jsonAnswer(200, 'Scope', 'As of now')],
    use: (operations, { path }) => answered(200, operations.scope(path.alias)),
  }),
  route('GET /v1/entries/{alias}/rules', 'reader', 'listRules', {
    summary: 'Who may call an entry, and where its traffic goes',
    path: { alias: aliasParameter },
    answers: [jsonAnswer(200, 'EntryRules', 'Rules by id, splits by port')],
    use: (operations, { path }) => answered(200, operations.rules(path.alias)),
  }),
  route('GET /v1/scopes/{alias}/guards', 'reader', 'listGuards', {
    summary: 'What holds for everything below a scope and cannot be lifted there',
    path: { alias: scopeParameter },
    answers: [jsonAnswer(200, 'Guards', "Its own and those above it, the root's first")],
    use: (operations, { path }) => listed('guards', operations.guards(path.alias)),
  }),
  route('GET /v1/permit', 'reader', 'permit', {
    summary: 'May this call be made, and by what; or what it fails by first, and who decides that',
    query: callParameters,
    answers: [jsonAnswer(200, 'Permit', 'As of now')],
    use: (operations, { query }) => answered(200, operations.permit(askedCall(query))),
  }),
  route('GET /v1/why', 'reader', 'why', {
    summary: 'The same, with who made the rule that allows it, when, why, and by whose votes',
    query: callParameters,
    answers: [jsonAnswer(200, 'Why', 'As of now')],
    use: (operations, { query }) => answered(200, operations.why(askedCall(query))),
  }),
  route('GET /v1/why/ports', 'reader', 'whyPorts', {
    summary: 'The same of every port that rules and splits of the callee know between the two',
    query: portsParameters,
    answers: [jsonAnswer(200, 'WhyPorts', 'As of now')],
    use: (operations, { query }) => answered(200, operations.whyPorts(askedPorts(query))),
  }),
  route('GET /v1/clusters', 'reader', 'listClusters', {
    summary: 'All clusters',
    answers: [jsonAnswer(200, 'Clusters', 'In the order of their aliases')],
    use: (operations) => listed('clusters', operations.clusters()),
  }),
  route('GET /v1/clusters/{alias}', 'reader', 'showCluster', {
    summary: 'One cluster',
    path: { alias: aliasParameter },
    answers: [jsonAnswer(200, 'Cluster', 'As of now')],
    use: (operations, { path }) => answered(200, operations.cluster(path.alias)),
  }),
  route('GET /v1/log', 'reader', 'log', {
    summary: 'What was changed about an entry, scope or cluster; about the root without an alias',
    query: { alias: prefixParameter },
    answers: [jsonAnswer(200, 'History', 'Oldest first')],
    use: (operations, { query }) => listed('history', operations.history(query.alias ?? ROOT)),
  }),
  route('GET /v1/proposals', 'reader', 'listProposals', {
    summary: 'Proposals that wait for votes, or for their time',
    answers: [jsonAnswer(200, 'Proposals', 'Oldest first')],
    use: (operations) => listed('proposals', operations.proposals()),
  }),
  route('GET /v1/brakes', 'reader', 'listBrakes', {
    summary: 'What voters suspended at once in the last seven days, and what became of it',
    answers: [jsonAnswer(200, 'Brakes', 'Oldest first')],
    use: (operations) => listed('brakes', operations.brakes()),
  }),
  route('GET /v1/emergencies', 'reader', 'listEmergencyGrants', {
    summary:
      'What some may do at once, as voters said before, and every use of it; of grants that are gone, those that run or wait for voters',
    answers: [jsonAnswer(200, 'EmergencyGrants', 'By scope')],
    use: (operations) => answered(200, operations.emergencyGrants()),
  }),
  route('GET /v1/recoveries', 'reader', 'listRecoveries', {
    summary:
      'The latest recovery of each scope whose voters were, or are to be, replaced by its set',
    answers: [jsonAnswer(200, 'Recoveries', 'Oldest first')],
    use: (operations) => listed('recoveries', operations.recoveries()),
  }),
  route('GET /v1/proposals/{id}', 'reader', 'showProposal', {
    summary: 'One proposal: what was signed, who voted, what is still needed',
    path: { id: proposalParameter },
    answers: [jsonAnswer(200, 'Proposal', 'As of now')],
    use: (operations, { path }) => answered(200, operations.proposal(path.id)),
  }),
  route('GET /v1/certificates', 'reader', 'listCertificates', {
    summary: 'Certificates of the ledger',
    query: { entry: aliasParameter, live: liveParameter, limit: limitParameter },
    answers: [jsonAnswer(200, 'Certificates', 'Newest first')],
    use: (operations, { query }) =>
      listed(
        'certificates',
        operations.certificates({
          ...(query.entry !== undefined && { entry: query.entry }),
          live: query.live ?? 'all',
          limit: query.limit ?? DEFAULT_LIMIT,
        }),
      ),
  }),
  route('GET /v1/certificates/{serial}', 'reader', 'showCertificate', {
    summary: 'One certificate of the ledger, with its PEM',
    path: { serial: serialParameter },
    answers: [jsonAnswer(200, 'CertificateWithPem', 'As recorded')],
    use: (operations, { path }) => answered(200, operations.certificate(path.serial)),
  }),
  route('POST /v1/certificates/inspect', 'reader', 'inspectCertificate', {
    summary: 'Whose is this certificate, was it allowed, is it live?',
    body: inspectBody,
    answers: [jsonAnswer(200, 'Inspection', 'What the ledger and the index say of it')],
    use: (operations, { body }) => answered(200, operations.inspect(body.certificate)),
  }),
]
