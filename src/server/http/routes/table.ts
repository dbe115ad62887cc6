import { ok } from '../../../core/result.js'
import { openApiDocument } from '../openapi.js'
import { JSON_TYPE } from '../reply.js'
import { jsonAnswer, type Route, route } from '../route.js'
import { evidenceRoutes } from './evidence.js'
import { logRoutes } from './logs.js'
import { operatorRoutes } from './operator.js'
import { healthRoutes, type MetricsText, trustRoutes } from './public.js'
import { pastRecordRoutes } from './past-records.js'
import { pastRoutes } from './past.js'
import { questionRoutes } from './questions.js'
import { readerRoutes } from './reader.js'
import { statementRoutes } from './statements.js'

/** The whole HTTP API. */
export function routeTable(metrics: MetricsText): readonly Route[] {
  let document: string | undefined
  const table: readonly Route[] = [
    ...healthRoutes(metrics),
    ...trustRoutes,
    ...logRoutes,
    route('GET /v1/openapi.json', 'public', 'openApi', {
      summary: 'This document',
      answers: [jsonAnswer(200, 'OpenApi', 'OpenAPI 3.1')],
      use: () => {
        document ??= JSON.stringify(openApiDocument(table))
        return Promise.resolve(ok({ status: 200, type: JSON_TYPE, body: document }))
      },
    }),
    ...evidenceRoutes,
    ...readerRoutes,
    ...questionRoutes,
    ...pastRoutes,
    ...pastRecordRoutes,
    ...statementRoutes,
    ...operatorRoutes,
  ]
  return table
}
