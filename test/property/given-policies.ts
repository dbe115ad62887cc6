import fc from 'fast-check'
import { type Alias, isUnder } from '../../src/core/alias.js'
import type { UnixSeconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import { type Envelope, normalize, type PortRange } from '../../src/namespace/envelope.js'
import { type Guard, normalizeGuard } from '../../src/namespace/guard/guard.js'
import type {
  PermitEntry,
  PermitRequest,
  PermitScope,
  PermitState,
} from '../../src/namespace/permit/permit.js'
import { type Route, type RouteMatch, routeOf } from '../../src/namespace/rule/route.js'
import { normalizeRule, type Rule } from '../../src/namespace/rule/rule.js'
import { alias, valueOf } from '../namespace/given-index.js'

/** A whole small index, as far as calls depend on it. */
export interface Policies {
  readonly scopes: readonly PermitScope[]
  readonly entries: readonly PermitEntry[]
}

const uid = (index: number): Uid => `e${'abcdefgh'.charAt(index).repeat(31)}` as Uid
const names = ['a/x', 'a/b/y', 'd/z', 'w', 'ab'].map(alias)
const regions = ['', 'a', 'a/b', 'a/x', 'd', 'w'].map(alias)
const scopeNames = ['', 'a', 'a/b', 'd'].map(alias)
const ends = [15, 40, 50] as readonly number[] as readonly UnixSeconds[]
const times = [10, 20, 30] as readonly number[] as readonly UnixSeconds[]

/** Most have none. */
const someBrake = fc.oneof(
  { weight: 20, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constantFrom(...times).map((until) => ({ brake: { until } })) },
)

/** Suspended, and active by a grant for a while. */
const someEmergency = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...times).map((until) => ({
      state: 'suspended' as const,
      emergency: { grant: 'g', until },
    })),
  },
)

const someRegions = fc.oneof(
  { weight: 12, arbitrary: fc.constant([alias('')]) },
  { weight: 2, arbitrary: fc.subarray(regions) },
)
const ranges: readonly PortRange[] = [
  [80, 80],
  [81, 89],
  [443, 443],
]
const somePorts = fc.oneof(
  { weight: 12, arbitrary: fc.constant([[1, 65_535]] as readonly PortRange[]) },
  { weight: 2, arbitrary: fc.subarray([...ranges]) },
)

const envelopes: fc.Arbitrary<Envelope> = fc
  .record(
    { mayCall: someRegions, mayAccept: someRegions, ports: somePorts },
    { requiredKeys: ['mayCall', 'mayAccept', 'ports'] },
  )
  .map(normalize)

const forbids: fc.Arbitrary<Guard> = fc.record(
  {
    id: fc.constantFrom('g1', 'g2'),
    effect: fc.constant('forbid' as const),
    callers: fc.subarray(regions, { minLength: 1 }),
    callees: fc.subarray(regions, { minLength: 1 }),
    ports: fc.subarray([...ranges], { minLength: 1 }),
  },
  { requiredKeys: ['id', 'effect', 'ports'] },
)
export const someGuard = fc
  .oneof(
    { weight: 2, arbitrary: forbids },
    fc.constantFrom<Guard>(
      { id: 'g3', effect: 'requireRoutes' },
      { id: 'g4', effect: 'maxTtl', maxTtl: 60 },
      { id: 'g5', effect: 'minThreshold', least: { routine: 3 } },
    ),
  )
  .map(normalizeGuard)

/** Paths that mean something to Cedar's patterns, or to its strings. */
const paths = ['/', '/a', '/a/', '/a/b', '/ab', '/*', '/a*', "/'", '/a/*/b']
const values = ['1', 'a"b', 'a\\b', '*', "'"]

const routeMatches: fc.Arbitrary<RouteMatch> = fc.record(
  {
    method: fc.constantFrom('GET', 'PUT'),
    path: fc.oneof(
      fc.constantFrom(...paths).map((exact) => ({ exact })),
      fc.constantFrom(...paths.filter((path) => path !== '/a/')).map((prefix) => ({ prefix })),
    ),
    headers: fc.array(fc.record({ name: fc.constant('x'), value: fc.constantFrom(...values) }), {
      minLength: 1,
      maxLength: 1,
    }),
  },
  { requiredKeys: ['path'] },
)

export const someRule: fc.Arbitrary<Rule> = fc
  .record(
    {
      id: fc.constantFrom('r1', 'r2', 'r3'),
      callers: fc.array(
        fc.oneof(
          fc.nat(names.length - 1).map(uid),
          fc.constantFrom(...regions).map((subtree) => ({ subtree })),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      ports: fc.subarray([...ranges], { minLength: 1 }),
      routes: fc.array(routeMatches, { minLength: 1, maxLength: 3 }),
      from: fc.constantFrom(...times),
      until: fc.constantFrom(...ends),
    },
    { requiredKeys: ['id', 'callers', 'ports'] },
  )
  .chain((facts) =>
    someBrake.map((brake) => ({
      ...normalizeRule({ ...facts, effect: 'allow', proto: 'http' }),
      rev: 1,
      ...brake,
    })),
  )

const scopes = fc.tuple(
  ...scopeNames.map((name) =>
    fc
      .record({
        there: fc.integer({ min: 0, max: 3 }),
        state: fc.constantFrom(...Array<'active'>(12).fill('active'), 'suspended'),
        envelope: envelopes,
        guards: fc.oneof(
          { weight: 4, arbitrary: fc.constant([]) },
          { weight: 1, arbitrary: fc.array(someGuard, { minLength: 1, maxLength: 2 }) },
        ),
      })
      .chain(({ there, guards, ...scope }) =>
        someBrake.map((brake): PermitScope[] =>
          there === 0 && name !== ''
            ? []
            : [{ ...scope, alias: name, ...(guards.length > 0 && { guards }), ...brake }],
        ),
      ),
  ),
)

const entries = fc.tuple(
  ...names.map((name, index) =>
    fc
      .record(
        {
          state: fc.constantFrom(...Array<'active'>(12).fill('active'), 'suspended', 'retiring'),
          envelope: envelopes,
          rules: fc.uniqueArray(someRule, { maxLength: 3, selector: ({ id }) => id }),
          validUntil: fc.constantFrom(...ends),
        },
        { requiredKeys: ['state', 'envelope', 'rules'] },
      )
      .chain((entry) =>
        fc.tuple(someBrake, someEmergency).map(([brake, emergency]) => {
          return { ...entry, uid: uid(index), alias: name, ...brake, ...emergency }
        }),
      ),
  ),
)

export const somePolicies: fc.Arbitrary<Policies> = fc
  .tuple(scopes, entries)
  .map(([found, all]) => ({ scopes: found.flat(), entries: all }))

export const stateOf = ({ scopes: all, entries: held }: Policies): PermitState => ({
  root: all.find(({ alias: name }) => name === '')!,
  scopeByAlias: (name: Alias) => all.find((scope) => scope.alias === name),
  entries: { get: (wanted) => held.find((entry) => entry.uid === wanted) },
})

const routes: readonly (Route | undefined)[] = [
  undefined,
  ...['GET', 'HEAD'].flatMap((method) =>
    [...paths, '/a/x/b', '/a*/b'].map((path) => valueOf(routeOf(method, path))),
  ),
  ...values.map((value) => valueOf(routeOf('GET', '/a', [['X', value]]))),
]

const anyRequest: fc.Arbitrary<PermitRequest> = fc
  .record({
    // One of them is nobody.
    caller: fc.nat(names.length).map(uid),
    callee: fc.nat(names.length).map(uid),
    port: fc.constantFrom(80, 85, 443, 1, 65_535),
    route: fc.constantFrom(...routes),
    at: fc.constantFrom(...([9, 10, 19, 20, 29] as UnixSeconds[])),
  })
  .map(({ route, ...request }) => ({ ...request, ...(route && { route }) }))

/** Anything; and what a rule allows, or nearly. */
export function someRequest({ entries: held }: Policies): fc.Arbitrary<PermitRequest> {
  const rules = held.flatMap(({ uid: callee, rules: own }) => own.map((rule) => ({ callee, rule })))
  if (rules.length === 0) return anyRequest
  const nearly = fc
    .tuple(anyRequest, fc.constantFrom(...rules), fc.nat(), fc.integer({ min: 0, max: 9 }))
    .map(([request, { callee, rule }, pick, change]): PermitRequest => {
      const { callers, ports, routes: matches, from = request.at } = rule
      const named = callers[pick % callers.length]!
      const under = held.filter(
        ({ alias: name }) => typeof named !== 'string' && isUnder(name, named.subtree),
      )
      const match = matches?.[pick % matches.length]
      const caller = typeof named === 'string' ? named : under[pick % under.length]?.uid
      return {
        caller: caller === undefined || change === 1 ? request.caller : caller,
        callee,
        port: change === 2 ? request.port : ports[pick % ports.length]![0],
        at: change === 3 ? request.at : from,
        ...(match && change !== 4
          ? { route: fitting(match) }
          : request.route && { route: request.route }),
      }
    })
  return fc.oneof({ weight: 4, arbitrary: nearly }, { weight: 1, arbitrary: anyRequest })
}

function fitting({ method = 'GET', path, headers = [] }: RouteMatch): Route {
  const fields = headers.map(({ name, value }) => [name, value] as const)
  return valueOf(routeOf(method, 'exact' in path ? path.exact : path.prefix, fields))
}
