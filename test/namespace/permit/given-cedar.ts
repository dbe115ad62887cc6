import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { expect } from '@jest/globals'
import { cedarContext, cedarEntities, entryUid } from '../../../src/namespace/permit/cedar.js'
import { cedarPolicies } from '../../../src/namespace/permit/cedar-policies.js'
import {
  permit,
  type PermitEntry,
  type PermitRequest,
  type PermitScope,
} from '../../../src/namespace/permit/permit.js'
import { type Route, routeOf } from '../../../src/namespace/rule/route.js'
import type { Rule } from '../../../src/namespace/rule/rule.js'
import { valueOf } from '../given-index.js'
import { entry, givenState, NOW, rule, scope, uidOf } from './given-calls.js'

export interface Given {
  readonly caller?: Partial<PermitEntry>
  readonly callee?: Partial<PermitEntry>
  readonly scopes?: readonly PermitScope[]
  readonly rules?: readonly Rule[]
}
export type Asked = Partial<PermitRequest>

/** What is said, in a world where `web/shop` may call `pay/api`. */
export const sourceOf = ({
  caller,
  callee,
  scopes = [],
  rules = [rule()],
}: Given): { scopes: readonly PermitScope[]; entries: readonly PermitEntry[] } => ({
  scopes: [scope(''), ...scopes],
  entries: [entry('web/shop', caller), entry('pay/api', { rules, ...callee })],
})

/** What people read of a policy: `rule pay/api r`; the policies of states have no name. */
export const nameOf = (policy: string): string => /^@id\("(.*)"\)$/m.exec(policy)?.[1] ?? 'state'

/** Cedar's decision about a call of `pay/api` by `web/shop`, and the policies that it comes of. */
export function decided(given: Given, asked: Asked = {}): string {
  const source = sourceOf(given)
  const call = { caller: uidOf('web/shop'), callee: uidOf('pay/api'), port: 80, at: NOW, ...asked }
  const policies = [...cedarPolicies(source)]
  const answer = isAuthorized({
    principal: entryUid(call.caller),
    action: { type: 'Capstan::Action', id: 'call' },
    resource: entryUid(call.callee),
    context: cedarContext(call) as never,
    policies: { staticPolicies: Object.fromEntries(policies.entries()) },
    entities: [...cedarEntities(source)] as never,
  })
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
  const { decision, diagnostics } = answer.response
  // Cedar skips a policy that fails, and a forbid that is skipped allows.
  expect(diagnostics.errors).toEqual([])
  const state = givenState(source.entries, source.scopes)
  expect(permit(state, call).allowed).toBe(decision === 'allow')
  const names = diagnostics.reason.map((id) => nameOf(policies[Number(id)]!))
  return [decision, ...names.sort()].join(', ')
}

export const route = (
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): { readonly route: Route } => ({
  route: valueOf(routeOf(method, path, Object.entries(headers))),
})
