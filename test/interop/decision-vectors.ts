import { days, hours, minus, plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import type { Decision } from '../../src/namespace/permit/decision.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { bundleOf, colluding, LOG } from '../verify/given-bundle.js'
import { decisionBundles, LATER, TEMP_UNTIL } from './decision-state.js'
import { givenServices } from './given-services.js'

/** What two bundles say of one call. */
export interface DecisionVector {
  readonly what: string
  /** Two of `bundles`. */
  readonly caller: string
  readonly callee: string
  readonly port: number
  /** Perhaps with `headers`, of which a name is there twice where it was sent twice. */
  readonly route?: { readonly method: string; readonly path: string }
  readonly headers?: readonly (readonly [string, string])[]
  /** When the call is made, and the bundles are verified. */
  readonly at: number
  readonly maxAge?: number
  /** Of the caller's bundle, where it is another index than of the rest. */
  readonly callerIndex?: string
  readonly trustLog?: boolean
  /** Code of a refusal: there is no decision, and the call is not allowed. */
  readonly refused?: string
  readonly allowed?: boolean
  readonly rule?: { readonly id: string; readonly rev: number }
  readonly condition?: string
  readonly by?: Extract<Decision, { allowed: false }>['by']
  readonly guard?: string
}

export interface DecisionVectors {
  readonly trust: { readonly index: string; readonly key: string }
  readonly bundles: Readonly<Record<string, string>>
  readonly vectors: readonly DecisionVector[]
}

type Call = Pick<DecisionVector, 'port'> & Partial<DecisionVector>
type Said = Pick<DecisionVector, 'refused' | 'allowed' | 'condition' | 'by' | 'guard'> & {
  /** Its id. */
  readonly rule?: string
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
const route = (method: string, path: string) => ({ route: { method, path } })

export async function makeDecisionVectors(): Promise<DecisionVectors> {
  const { index: given, bundles } = await decisionBundles()
  const now = given.now()
  const other = await givenServices()
  const shown: Record<string, Uint8Array> = { ...bundles }
  shown['another index'] = await bundleOf(other, 'web/shop/front')
  // Of as many records as pay/api, and another tree: the log has signed two histories.
  shown['web/shop, of a fork'] = await colluding(given, shown['web/shop, braked']!, ({ entry }) => {
    entry.state.labels['of'] = 'a fork'
  })
  const vectors: DecisionVector[] = []
  const add = (what: string, call: Call, { rule, ...said }: Said): void => {
    const asked = { caller: 'web/shop', callee: 'pay/api', at: now, ...call }
    const [name = ''] = asked.callee.split(',')
    const { rev } = given.entry(name).rules.find(({ id }) => id === rule) ?? { rev: 0 }
    vectors.push({
      what,
      ...asked,
      ...said,
      ...(rule !== undefined && { rule: { id: rule, rev } }),
    })
  }
  const allows = (what: string, rule: string, call: Call): void =>
    add(what, call, { allowed: true, rule })
  const denies = (
    what: string,
    condition: string,
    by: string,
    call: Call,
    guard?: string,
  ): void => {
    const [kind, name = ''] = by.split(' ') as ['entry' | 'scope', string?]
    const holder = { kind, alias: name as never }
    add(what, call, { allowed: false, condition, by: holder, ...(guard && { guard }) })
  }
  const refuses = (what: string, refused: string, call: Call): void => add(what, call, { refused })
  const api = 'entry pay/api'
  const orders = (path: string, method = 'GET'): Call => ({ port: 8080, ...route(method, path) })

  allows('a path below a prefix', 'orders', orders('/orders/7'))
  allows('the prefix itself', 'orders', orders('/orders'))
  allows('the prefix and a slash', 'orders', orders('/orders/'))
  denies('a longer element than that of the prefix', 'route', api, orders('/orders2'))
  denies('a path in other capitals', 'route', api, orders('/Orders/7'))
  denies('another method', 'route', api, orders('/orders/7', 'PUT'))
  denies(
    'a method that the other rule has, without its headers',
    'route',
    api,
    orders('/orders/7', 'POST'),
  )
  denies('no route, where all rules of the port have routes', 'route', api, { port: 8080 })
  denies('another port', 'port', api, { port: 8081, ...route('GET', '/orders/7') })
  allows(
    'an exact path, by a subtree of callers and any method',
    'health',
    orders('/health', 'PUT'),
  )
  denies('a path below an exact one', 'route', api, orders('/health/x'))
  denies('an exact path and a slash', 'route', api, orders('/health/'))
  allows('a prefix that was written with a slash at its end', 'health', orders('/live'))
  const red = (...headers: (readonly [string, string])[]): Call => ({
    ...orders('/orders', 'POST'),
    headers,
  })
  allows(
    'all header fields, in other capitals, and one more',
    'red',
    red(['x-TEAM', 'red'], ['X-Tier', '1'], ['x', 'y']),
  )
  denies('a header field is missing', 'route', api, red(['x-team', 'red']))
  denies('a header field with another value', 'route', api, red(['x-team', 'Red'], ['x-tier', '1']))
  refuses(
    'a header field twice',
    'namespace.malformed',
    red(['x-team', 'red'], ['X-Team', 'red'], ['x-tier', '1']),
  )
  refuses(
    'a value with a space at its end',
    'namespace.malformed',
    red(['x-team', 'red '], ['x-tier', '1']),
  )
  for (const [what, path] of [
    ['two slashes', '/orders//7'],
    ['a dot segment', '/orders/../admin'],
    ['a dot segment with a parameter', '/orders/..;x/admin'],
    ['an encoded slash', '/orders%2F7'],
    ['an encoded dot', '/orders/%2e%2e'],
    ['a percent sign encoded', '/orders/%252e'],
    ['an unreserved character encoded', '/%6Frders'],
    ['small hex digits', '/orders/%c3%a9'],
    ['octets that are no UTF-8', '/orders/%C0%AE'],
    ['a query', '/orders?a=b'],
    ['no slash at the start', 'orders'],
  ] as const) {
    refuses(`a path with ${what}`, 'namespace.malformed', orders(path))
  }
  refuses('a method in small letters', 'namespace.malformed', orders('/orders', 'get'))
  allows('a path with what must be encoded', 'orders', orders('/orders/%C3%A9;v=1'))

  const on = (port: number, more: Partial<Call> = {}): Call => ({ port, ...more })
  allows(
    'of rules that match, one that names the caller, though others come first',
    'c-shop',
    on(8088, route('GET', '/x')),
  )
  allows('the same without a route', 'd-shop', on(8088))
  denies(
    'a caller whose envelope may not call it',
    'may-call',
    'entry web/blog',
    on(8088, { caller: 'web/blog', ...route('GET', '/x') }),
  )
  allows(
    'everybody, by a subtree of all',
    'b-all',
    on(8088, { caller: 'ops/cron', ...route('GET', '/x') }),
  )
  allows('the first port of a range', 'batch', on(9000, { caller: 'ops/cron' }))
  allows('a port in the middle of a range', 'batch', on(9005, { caller: 'ops/cron' }))
  denies(
    'a port beyond the envelope of the caller',
    'port',
    'entry ops/cron',
    on(9006, { caller: 'ops/cron' }),
  )
  denies('a port beyond the envelope of a scope above the callee', 'port', 'scope pay', on(20_000))
  denies('a port that is in no rule', 'port', api, on(9011, { caller: 'ops/cron' }))
  denies(
    'a callee whose envelope may not accept it',
    'may-accept',
    'entry pay/shut',
    on(80, { callee: 'pay/shut' }),
  )
  allows('and one whom it may', 'any', on(80, { caller: 'ops/cron', callee: 'pay/shut' }))
  denies(
    'nobody named it: the other way round',
    'no-rule',
    'entry web/shop',
    on(8080, { caller: 'pay/api', callee: 'web/shop' }),
  )
  denies('itself, whom a subtree of all names', 'port', api, on(8080, { caller: 'pay/api' }))

  denies('a guard of the root', 'guard', 'scope ', on(23), 'no-telnet')
  allows('a port beside it', 'telnet', on(22))
  const vault = { callee: 'pay/card/vault' }
  denies(
    'a guard above the caller',
    'guard',
    'scope web',
    on(443, { ...vault, ...route('GET', '/') }),
    'no-card',
  )
  const cron = { ...vault, caller: 'ops/cron' }
  allows(
    'where routes are wanted, the rule that has some, though another comes first',
    'b-keys',
    on(443, { ...cron, ...route('GET', '/keys/1') }),
  )
  denies(
    'where routes are wanted, a rule without',
    'guard',
    'scope pay/card',
    on(443, { ...cron, ...route('GET', '/x') }),
    'routes',
  )
  denies('the same where no route is known', 'guard', 'scope pay/card', on(444, cron), 'routes')

  denies('a suspended entry', 'inactive', 'entry pay/old', on(80, { callee: 'pay/old' }))
  denies('below a suspended scope', 'inactive', 'scope gone', on(80, { callee: 'gone/x' }))
  denies(
    'a suspended caller',
    'inactive',
    'entry pay/old',
    on(8088, { caller: 'pay/old', ...route('GET', '/') }),
  )
  const temp = (at: UnixSeconds): Call => on(9001, { caller: 'ops/temp', at })
  allows('in the last second of an entry', 'batch', temp(minus(TEMP_UNTIL, seconds(1))))
  denies('in the first second after it', 'inactive', 'entry ops/temp', temp(TEMP_UNTIL))
  const later = (at: UnixSeconds): Call => on(7000, { at })
  denies(
    'in the last second before a rule begins',
    'port',
    api,
    later(minus(LATER.from, seconds(1))),
  )
  allows('in the first second of a rule', 'later', later(LATER.from))
  allows('in its last', 'later', later(minus(LATER.until, seconds(1))))
  denies('in the first second after it', 'port', api, later(LATER.until))

  const braked = { callee: 'pay/api, a rule braked' }
  denies('a rule under a brake', 'route', api, { ...orders('/orders/7'), ...braked })
  const over = given.entry('pay/api').rules.find(({ id }) => id === 'orders')!.brake!.until
  denies('in the last second of the brake', 'route', api, {
    ...orders('/orders/7'),
    ...braked,
    at: minus(over, seconds(1)),
  })
  allows('in the first second after it', 'orders', { ...orders('/orders/7'), ...braked, at: over })
  const stopped = { caller: 'web/shop, braked' }
  denies('a caller under a brake', 'inactive', 'entry web/shop', {
    ...orders('/orders/7'),
    ...stopped,
  })
  allows('and when it is over', 'orders', { ...orders('/orders/7'), ...stopped, at: over })

  const aged = { maxAge: 3600 }
  allows('bundles that are not too old', 'orders', {
    ...orders('/orders/7'),
    ...aged,
    at: plus(now, hours(1)),
  })
  refuses('bundles that are too old', 'bundle.stale', {
    ...orders('/orders/7'),
    ...aged,
    at: plus(now, days(1)),
  })
  refuses('bundles of a time that has not come', 'bundle.stale', {
    ...orders('/orders/7'),
    ...aged,
    at: minus(now, hours(1)),
  })
  const foreign = { caller: 'another index', callerIndex: other.index.state.index }
  refuses('bundles of two indexes', 'bundle.wrong-index', { ...orders('/orders/7'), ...foreign })
  const fork = { caller: 'web/shop, of a fork', callee: 'pay/api, a rule braked', trustLog: true }
  refuses('two checkpoints of one size that are not one', 'tlog.inconsistent', {
    ...orders('/orders/7'),
    ...fork,
    at: over,
  })

  return {
    trust: { index: given.index.state.index, key: formatVerifierKey(LOG.key) },
    bundles: Object.fromEntries(
      Object.entries(shown).map(([name, octets]) => [name, text(octets)]),
    ),
    vectors,
  }
}
