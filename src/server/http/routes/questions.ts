import { ROOT } from '../../../core/alias.js'
import { days } from '../../../core/time.js'
import {
  afterParameter,
  afterScopeParameter,
  aliasParameter,
  ENTRIES_IN_A_PAGE,
  pageParameter,
  prefixParameter,
  proposalParameter,
  scopeParameter,
} from '../parameters.js'
import {
  aheadParameter,
  daysParameter,
  decisiveParameter,
  operationParameter,
  recordParameter,
  sinceParameter,
  voterParameter,
  votersParameter,
} from '../question-parameters.js'
import { cedarPage, endsPage, reachPage } from './asked.js'
import { answered, jsonAnswer, type Route, route } from '../route.js'

const lookThrough = { since: sinceParameter, from: recordParameter, limit: pageParameter }

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
  route('GET /v1/cedar/scopes', 'reader', 'cedarScopes', {
    summary: 'Ceilings, guards and states of scopes as Cedar policies, a page at a time',
    query: { limit: pageParameter, after: afterScopeParameter },
    answers: [jsonAnswer(200, 'Cedar', 'As of now; `next` where there are more scopes')],
    use: (operations, { query }) => answered(200, operations.cedar(cedarPage('scopes', query))),
  }),
  route('GET /v1/cedar/entries', 'reader', 'cedarEntries', {
    summary: 'Entries as Cedar entities, and their rules as policies, a page at a time',
    query: { limit: pageParameter, after: afterParameter },
    answers: [jsonAnswer(200, 'Cedar', 'As of now; `next` where there are more entries')],
    use: (operations, { query }) => answered(200, operations.cedar(cedarPage('entries', query))),
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
  route('GET /v1/voters/{id}', 'reader', 'voted', {
    summary: 'Changes that a voter voted about, oldest first, and which hung on it',
    path: { id: voterParameter },
    query: { ...lookThrough, decisive: decisiveParameter },
    answers: [jsonAnswer(200, 'Voted', '`next` where there may be more')],
    use: (operations, { path, query }) => {
      const { decisive: which = 'all', limit = ENTRIES_IN_A_PAGE, ...start } = query
      return answered(200, operations.voted({ ...start, voter: path.id, which, limit }))
    },
  }),
  route('GET /v1/changes', 'reader', 'decidedChanges', {
    summary: 'What was decided, by whom and by what right, oldest first',
    query: { ...lookThrough, prefix: prefixParameter },
    answers: [jsonAnswer(200, 'Changes', '`next` where there may be more')],
    use: (operations, { query: { limit = ENTRIES_IN_A_PAGE, prefix = ROOT, ...start } }) =>
      answered(200, operations.changes({ ...start, prefix, limit })),
  }),
  route('GET /v1/exceptions', 'reader', 'exceptions', {
    summary: 'What was not decided in the usual way, oldest first',
    query: lookThrough,
    answers: [jsonAnswer(200, 'Exceptions', '`next` where there may be more')],
    use: (operations, { query: { limit = ENTRIES_IN_A_PAGE, ...start } }) =>
      answered(200, operations.exceptions({ ...start, limit })),
  }),
  route('GET /v1/stale', 'reader', 'stale', {
    summary: 'Entries without a certificate for long, and rules that allow nobody anything',
    query: {
      days: daysParameter,
      prefix: prefixParameter,
      limit: pageParameter,
      after: afterParameter,
    },
    answers: [jsonAnswer(200, 'Stale', 'In the order of aliases; `next` where there may be more')],
    use: (operations, { query }) => {
      const { days: age = days(90), prefix = ROOT, limit = ENTRIES_IN_A_PAGE, after } = query
      return answered(
        200,
        operations.stale({ age, prefix, limit, ...(after !== undefined && { after }) }),
      )
    },
  }),
  route('GET /v1/ends/scopes', 'reader', 'scopeEnds', {
    summary: "What ends by its own time of scopes: voters' and holders' keys, brakes, proposals",
    query: {
      days: aheadParameter,
      prefix: prefixParameter,
      limit: pageParameter,
      after: afterScopeParameter,
    },
    answers: [jsonAnswer(200, 'Ends', 'Scope by scope; `next` where there may be more')],
    use: (operations, { query }) => answered(200, operations.ends(endsPage('scopes', query))),
  }),
  route('GET /v1/ends/entries', 'reader', 'entryEnds', {
    summary:
      'What ends by its own time of entries: lifetimes, drains, rules, brakes, uses of grants',
    query: {
      days: aheadParameter,
      prefix: prefixParameter,
      limit: pageParameter,
      after: afterParameter,
    },
    answers: [jsonAnswer(200, 'Ends', 'Entry by entry; `next` where there may be more')],
    use: (operations, { query }) => answered(200, operations.ends(endsPage('entries', query))),
  }),
]
