import { ROOT } from '../../../core/alias.js'
import { ok, type Result } from '../../../core/result.js'
import { toIso, type UnixSeconds } from '../../../core/time.js'
import type { Operations, PastOperation } from '../../operations.js'
import {
  afterParameter,
  afterScopeParameter,
  prefixParameter,
  proposalParameter,
  required,
  scopeParameter,
} from '../parameters.js'
import type { InboxJson } from '../question-shapes.js'
import {
  aheadParameter,
  decisiveParameter,
  momentParameter,
  PAST_PAGE,
  pastPageParameter,
  recordParameter,
  sinceParameter,
  voterParameter,
  votersParameter,
} from '../question-parameters.js'
import { answered, jsonAnswer, listed, type Route, route } from '../route.js'
import { cedarPage, endsPage } from './asked.js'

const at = required(momentParameter)
const lookThrough = { at, since: sinceParameter, from: recordParameter, limit: pastPageParameter }

type Then = Pick<Operations, PastOperation>

/** In one answer, so that the log is read once for it. */
async function inboxOf(then: Then, at: UnixSeconds): Promise<Result<InboxJson>> {
  const proposals = await then.proposals()
  if (!proposals.ok) return proposals
  const brakes = await then.brakes()
  if (!brakes.ok) return brakes
  const recoveries = await then.recoveries()
  if (!recoveries.ok) return recoveries
  const emergencies = await then.emergencyGrants()
  if (!emergencies.ok) return emergencies
  return ok({
    at: toIso(at),
    proposals: proposals.value,
    brakes: brakes.value,
    recoveries: recoveries.value,
    ...emergencies.value,
  })
}

/** What waited, what had been decided, and by whom, of the index as it was. Over the local socket only. */
export const pastRecordRoutes: readonly Route[] = [
  route('GET /v1/past/log', 'operator', 'logThen', {
    summary:
      'What had been changed about an entry, scope or cluster; about the root without an alias',
    patience: 'long',
    query: { at, alias: prefixParameter },
    answers: [jsonAnswer(200, 'History', 'Oldest first')],
    use: (operations, { query }) =>
      listed(
        'history',
        operations.past(query.at, (then) => then.history(query.alias ?? ROOT)),
      ),
  }),
  route('GET /v1/past/inbox', 'operator', 'inboxThen', {
    summary: 'What waited for votes then, with brakes, recoveries and emergency grants',
    patience: 'long',
    query: { at },
    answers: [jsonAnswer(200, 'Inbox', 'As of then, oldest first')],
    use: (operations, { query }) => answered(200, operations.past(query.at, inboxOf)),
  }),
  route('GET /v1/past/proposals/{id}/impact', 'operator', 'impactThen', {
    summary: 'What a proposal that waited then would have done',
    patience: 'long',
    path: { id: proposalParameter },
    query: { at },
    answers: [jsonAnswer(200, 'ShownImpact', 'If it had taken effect then')],
    use: (operations, { path, query }) =>
      answered(
        200,
        operations.past(query.at, (then) => then.impact(path.id)),
      ),
  }),
  route('GET /v1/past/scopes/{alias}/resilience', 'operator', 'resilienceThen', {
    summary: 'Could a scope still decide then without some of its voters?',
    patience: 'long',
    path: { alias: scopeParameter },
    query: { at, without: votersParameter },
    answers: [jsonAnswer(200, 'Resilience', 'As of then')],
    use: (operations, { path, query }) =>
      answered(
        200,
        operations.past(query.at, (then) => then.resilience(path.alias, query.without ?? [])),
      ),
  }),
  route('GET /v1/past/voters/{id}', 'operator', 'votedThen', {
    summary: 'Changes until then that a voter voted about, and which hung on it',
    patience: 'long',
    path: { id: voterParameter },
    query: { ...lookThrough, decisive: decisiveParameter },
    answers: [jsonAnswer(200, 'Voted', 'Oldest first; `next` where there may be more')],
    use: (operations, { path, query }) => {
      const { at: moment, decisive: which = 'all', limit = PAST_PAGE, ...start } = query
      const asked = { ...start, voter: path.id, which, limit }
      return answered(
        200,
        operations.past(moment, (then) => then.voted(asked)),
      )
    },
  }),
  route('GET /v1/past/changes', 'operator', 'decidedChangesThen', {
    summary: 'What had been decided, by whom and by what right',
    patience: 'long',
    query: { ...lookThrough, prefix: prefixParameter },
    answers: [jsonAnswer(200, 'Changes', 'Oldest first; `next` where there may be more')],
    use: (operations, { query }) => {
      const { at: moment, limit = PAST_PAGE, prefix = ROOT, ...start } = query
      return answered(
        200,
        operations.past(moment, (then) => then.changes({ ...start, prefix, limit })),
      )
    },
  }),
  route('GET /v1/past/exceptions', 'operator', 'exceptionsThen', {
    summary: 'What had not been decided in the usual way',
    patience: 'long',
    query: lookThrough,
    answers: [jsonAnswer(200, 'Exceptions', 'Oldest first; `next` where there may be more')],
    use: (operations, { query: { at: moment, limit = PAST_PAGE, ...start } }) =>
      answered(
        200,
        operations.past(moment, (then) => then.exceptions({ ...start, limit })),
      ),
  }),
  route('GET /v1/past/cedar/scopes', 'operator', 'cedarScopesThen', {
    summary: 'Scopes as they were, as Cedar policies',
    patience: 'long',
    query: { at, limit: pastPageParameter, after: afterScopeParameter },
    answers: [jsonAnswer(200, 'Cedar', 'As of then; `next` where there are more scopes')],
    use: (operations, { query: { at: moment, limit = PAST_PAGE, ...page } }) =>
      answered(
        200,
        operations.past(moment, (then) => then.cedar(cedarPage('scopes', { ...page, limit }))),
      ),
  }),
  route('GET /v1/past/cedar/entries', 'operator', 'cedarEntriesThen', {
    summary: 'Entries as they were, as Cedar entities, and their rules as policies',
    patience: 'long',
    query: { at, limit: pastPageParameter, after: afterParameter },
    answers: [jsonAnswer(200, 'Cedar', 'As of then; `next` where there are more entries')],
    use: (operations, { query: { at: moment, limit = PAST_PAGE, ...page } }) =>
      answered(
        200,
        operations.past(moment, (then) => then.cedar(cedarPage('entries', { ...page, limit }))),
      ),
  }),
  route('GET /v1/past/ends/scopes', 'operator', 'scopeEndsThen', {
    summary: 'What of scopes was to end by its own time',
    patience: 'long',
    query: {
      at,
      days: aheadParameter,
      prefix: prefixParameter,
      limit: pastPageParameter,
      after: afterScopeParameter,
    },
    answers: [jsonAnswer(200, 'Ends', 'As of then; `next` where there may be more')],
    use: (operations, { query: { at: moment, limit = PAST_PAGE, ...page } }) =>
      answered(
        200,
        operations.past(moment, (then) => then.ends(endsPage('scopes', { ...page, limit }))),
      ),
  }),
  route('GET /v1/past/ends/entries', 'operator', 'entryEndsThen', {
    summary: 'What of entries was to end by its own time',
    patience: 'long',
    query: {
      at,
      days: aheadParameter,
      prefix: prefixParameter,
      limit: pastPageParameter,
      after: afterParameter,
    },
    answers: [jsonAnswer(200, 'Ends', 'As of then; `next` where there may be more')],
    use: (operations, { query: { at: moment, limit = PAST_PAGE, ...page } }) =>
      answered(
        200,
        operations.past(moment, (then) => then.ends(endsPage('entries', { ...page, limit }))),
      ),
  }),
]
