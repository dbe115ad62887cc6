import { type Alias, ROOT } from '../../../core/alias.js'
import { days, type Seconds } from '../../../core/time.js'
import type { AskedCedar } from '../../../namespace/questions/cedar-page.js'
import type { AskedCall, AskedEnds, AskedPorts, AskedReach } from '../../operations.js'
import {
  aliasParameter,
  ENTRIES_IN_A_PAGE,
  headersParameter,
  portParameter,
  type QueryValues,
  required,
  routeParameter,
} from '../parameters.js'

/** The query of one call. */
export const callParameters = {
  caller: required(aliasParameter),
  callee: required(aliasParameter),
  port: required(portParameter),
  route: routeParameter,
  headers: headersParameter,
} as const

/** The query of the calls between two entries. */
const { port: _port, ...portsParameters } = callParameters
export { portsParameters }

export const askedPorts = ({
  caller,
  callee,
  route,
  headers = [],
}: QueryValues<typeof portsParameters>): AskedPorts => ({
  caller,
  callee,
  ...(route !== undefined && { route }),
  headers,
})

export const askedCall = ({
  caller,
  callee,
  port,
  route,
  headers = [],
}: QueryValues<typeof callParameters>): AskedCall => ({
  caller,
  callee,
  port,
  ...(route !== undefined && { route }),
  headers,
})

export const reachPage = (
  { alias }: { readonly alias: Alias },
  { after, limit = ENTRIES_IN_A_PAGE }: { readonly after?: string; readonly limit?: number },
): AskedReach => ({ alias, limit, ...(after !== undefined && { after }) })

export const cedarPage = (
  part: AskedCedar['part'],
  { after, limit = ENTRIES_IN_A_PAGE }: { readonly after?: string; readonly limit?: number },
): AskedCedar => ({ part, limit, ...(after !== undefined && { after }) })

/** What ends within thirty days, unless it is said. */
export const endsPage = (
  part: AskedEnds['part'],
  { prefix = ROOT, days: ahead = days(30), limit = ENTRIES_IN_A_PAGE, after }: EndsQuery,
): AskedEnds => ({ part, prefix, ahead, limit, ...(after !== undefined && { after }) })

interface EndsQuery {
  readonly prefix?: Alias
  readonly days?: Seconds
  readonly limit?: number
  readonly after?: string
}
