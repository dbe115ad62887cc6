import { ROOT } from '../../../core/alias.js'
import {
  afterParameter,
  aliasParameter,
  pageParameter,
  prefixParameter,
  proposalParameter,
  scopeParameter,
} from '../parameters.js'
import { operationParameter, votersParameter } from '../question-parameters.js'
import { reachPage } from './asked.js'
import { answered, jsonAnswer, type Route, route } from '../route.js'

/** What people ask about the namespace, beside what it is. */
export const questionRoutes: readonly Route[] = [
  route('GET /v1/proposals/{id}/impact', 'reader', 'impact', {
    summary: 'What a proposal would do: permissions, names and certificates, added and removed',
    path: { id: proposalParameter },
    answers: [jsonAnswer(200, 'ShownImpact', 'If it took effect now')],
    use: (operations, { path }) => answered(200, operations.impact(path.id)),
  }),
  route('GET /v1/entries/{alias}/reach', 'reader', 'reach', {
    summary: 'Whom an entry may call, and by what rules, a page at a time',
    path: { alias: aliasParameter },
    query: { limit: pageParameter, after: afterParameter },
    answers: [jsonAnswer(200, 'Reach', 'As of now; `next` where there may be more')],
    use: (operations, { path, query }) => answered(200, operations.reach(reachPage(path, query))),
  }),
  route('GET /v1/entries/{alias}/callers', 'reader', 'callers', {
    summary: 'Who may call an entry, and by what rules, a page at a time',
    path: { alias: aliasParameter },
    query: { limit: pageParameter, after: afterParameter },
    answers: [jsonAnswer(200, 'Reach', 'As of now; `next` where there may be more')],
    use: (operations, { path, query }) => answered(200, operations.callers(reachPage(path, query))),
  }),
  route('GET /v1/authority', 'reader', 'authority', {
    summary: 'Who may change what is at an alias, or would be: voters, thresholds, guards',
    query: { alias: prefixParameter, op: operationParameter },
    answers: [jsonAnswer(200, 'Authority', 'As of now; about the root without an alias')],
    use: (operations, { query }) =>
      answered(200, operations.authority(query.alias ?? ROOT, query.op)),
  }),
  route('GET /v1/scopes/{alias}/resilience', 'reader', 'resilience', {
    summary: 'Can a scope still decide without some of its voters?',
    path: { alias: scopeParameter },
    query: { without: votersParameter },
    answers: [jsonAnswer(200, 'Resilience', 'As of now')],
    use: (operations, { path, query }) =>
      answered(200, operations.resilience(path.alias, query.without ?? [])),
  }),
]
