import { ROOT } from '../../../core/alias.js'
import { afterParameter, aliasParameter, prefixParameter, required } from '../parameters.js'
import {
  momentParameter,
  operationParameter,
  PAST_PAGE,
  pastPageParameter,
} from '../question-parameters.js'
import { answered, jsonAnswer, type Route, route } from '../route.js'
import { askedCall, askedPorts, callParameters, portsParameters, reachPage } from './asked.js'

const at = required(momentParameter)
const ofEntry = { at, limit: pastPageParameter, after: afterParameter }

/** The index as it was. The log is read again for each answer: over the local socket only. */
export const pastRoutes: readonly Route[] = [
  route('GET /v1/diff', 'operator', 'diff', {
    summary: 'What was changed between two moments: permissions, names, certificates, objects',
    patience: 'long',
    query: { from: at, to: at, scope: prefixParameter },
    answers: [jsonAnswer(200, 'Diff', 'Both as of the later one')],
    use: (operations, { query }) => {
      const { from, to, scope = ROOT } = query
      return answered(200, operations.diff({ from, to, scope }))
    },
  }),
  route('GET /v1/past/permit', 'operator', 'permitThen', {
    summary: 'GET /v1/permit of the index as it was',
    patience: 'long',
    query: { at, ...callParameters },
    answers: [jsonAnswer(200, 'Permit', 'As of then')],
    use: (operations, { query }) =>
      answered(
        200,
        operations.past(query.at, (then) => then.permit(askedCall(query))),
      ),
  }),
  route('GET /v1/past/why', 'operator', 'whyThen', {
    summary: 'GET /v1/why of the index as it was',
    patience: 'long',
    query: { at, ...callParameters },
    answers: [jsonAnswer(200, 'Why', 'As of then')],
    use: (operations, { query }) =>
      answered(
        200,
        operations.past(query.at, (then) => then.why(askedCall(query))),
      ),
  }),
  route('GET /v1/past/why/ports', 'operator', 'whyPortsThen', {
    summary: 'GET /v1/why/ports of the index as it was',
    patience: 'long',
    query: { at, ...portsParameters },
    answers: [jsonAnswer(200, 'WhyPorts', 'As of then')],
    use: (operations, { query }) =>
      answered(
        200,
        operations.past(query.at, (then) => then.whyPorts(askedPorts(query))),
      ),
  }),
  route('GET /v1/past/entries/{alias}/reach', 'operator', 'reachThen', {
    summary: 'Whom an entry might call then',
    patience: 'long',
    path: { alias: aliasParameter },
    query: ofEntry,
    answers: [jsonAnswer(200, 'Reach', 'As of then')],
    use: (operations, { path, query }) =>
      answered(
        200,
        operations.past(query.at, (then) =>
          then.reach(reachPage(path, { limit: PAST_PAGE, ...query })),
        ),
      ),
  }),
  route('GET /v1/past/entries/{alias}/callers', 'operator', 'callersThen', {
    summary: 'Who might call an entry then',
    patience: 'long',
    path: { alias: aliasParameter },
    query: ofEntry,
    answers: [jsonAnswer(200, 'Reach', 'As of then')],
    use: (operations, { path, query }) =>
      answered(
        200,
        operations.past(query.at, (then) =>
          then.callers(reachPage(path, { limit: PAST_PAGE, ...query })),
        ),
      ),
  }),
  route('GET /v1/past/authority', 'operator', 'authorityThen', {
    summary: 'Who might change what was at an alias then',
    patience: 'long',
    query: { at, alias: prefixParameter, op: operationParameter },
    answers: [jsonAnswer(200, 'Authority', 'As of then')],
    use: (operations, { query }) =>
      answered(
        200,
        operations.past(query.at, (then) => then.authority(query.alias ?? ROOT, query.op)),
      ),
  }),
]
