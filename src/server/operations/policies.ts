import { ROOT } from '../../core/alias.js'
import { ok, refuse } from '../../core/result.js'
import { type Clock, toIso } from '../../core/time.js'
import { scopePath } from '../../namespace/effective-envelope.js'
import type { GovernedIndex } from '../../namespace/live-index.js'
import { permit } from '../../namespace/permit/permit.js'
import { unknown } from '../../namespace/resolve-request.js'
import { parseRoute } from '../../namespace/rule/route.js'
import type { GuardJson } from '../http/shapes.js'
import type { Operations } from '../operations.js'
import { decisionJson, entryRulesJson } from '../views/policy-views.js'

interface PolicyDeps {
  readonly index: Pick<GovernedIndex, 'state'>
  readonly clock: Pick<Clock, 'now'>
}

/** Who may call whom: rules, guards, and what they come to. */
export function policyOperations({
  index,
  clock,
}: PolicyDeps): Pick<Operations, 'rules' | 'guards' | 'permit'> {
  return {
    rules(alias) {
      const { state } = index
      const entry = state.resolve(alias)
      return Promise.resolve(entry ? ok(entryRulesJson(state, entry)) : unknown('entry', alias))
    },

    guards(alias) {
      const { state } = index
      const own = alias === ROOT ? state.root : state.scopeByAlias(alias)
      if (!own) return Promise.resolve(unknown('scope', alias))
      const above = alias === ROOT ? [] : scopePath<typeof own>(state, alias)
      const guards = [...above, own].flatMap((scope) =>
        (scope.guards ?? []).map((guard): GuardJson => ({
          scope: scope.alias,
          guard: guard as unknown as GuardJson['guard'],
        })),
      )
      return Promise.resolve(ok(guards))
    },

    permit(call) {
      const { state } = index
      const [caller, callee] = [state.resolve(call.caller), state.resolve(call.callee)]
      if (!caller || !callee) {
        return Promise.resolve(unknown('entry', caller ? call.callee : call.caller))
      }
      if (call.route === undefined && call.headers.length > 0) {
        return Promise.resolve(
          refuse('request.malformed', 'header fields without a request', { wanted: 'a route too' }),
        )
      }
      const route = call.route === undefined ? undefined : parseRoute(call.route, call.headers)
      if (route?.ok === false) return Promise.resolve(route)
      const at = clock.now()
      const decision = permit(state, {
        caller: caller.uid,
        callee: callee.uid,
        port: call.port,
        ...(route && { route: route.value }),
        at,
      })
      return Promise.resolve(
        ok({
          ...decisionJson(state, decision),
          caller: caller.alias,
          callee: callee.alias,
          port: call.port,
          ...(call.route !== undefined && { route: call.route }),
          at: toIso(at),
        }),
      )
    },
  }
}
