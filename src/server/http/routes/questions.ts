import { proposalParameter } from '../parameters.js'
import { answered, jsonAnswer, type Route, route } from '../route.js'

/** What people ask about the namespace, beside what it is. */
export const questionRoutes: readonly Route[] = [
  route('GET /v1/proposals/{id}/impact', 'reader', 'impact', {
    summary: 'What a proposal would do: permissions, names and certificates, added and removed',
    path: { id: proposalParameter },
    answers: [jsonAnswer(200, 'ShownImpact', 'If it took effect now')],
    use: (operations, { path }) => answered(200, operations.impact(path.id)),
  }),
]
