import { describe, expect, it } from '@jest/globals'
import {
  type isAuthorized,
  preparsePolicySet,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import {
  cedarContext,
  cedarEntities,
  cedarSchema,
  entryUid,
} from '../../src/namespace/permit/cedar.js'
import { cedarPolicies } from '../../src/namespace/permit/cedar-policies.js'
import { permit } from '../../src/namespace/permit/permit.js'
import { type Policies, somePolicies, someRequest, stateOf } from './given-policies.js'

const policyText = (policies: Policies): string => [...cedarPolicies(policies)].join('\n')

/** Cedar's answer, which must come without an error: a policy that fails is skipped. */
function cedarAnswer(call: () => ReturnType<typeof isAuthorized>): 'allow' | 'deny' {
  const answer = call()
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
  expect(answer.response.diagnostics.errors).toEqual([])
  return answer.response.decision
}

const withRequests = somePolicies.chain((policies) =>
  fc.tuple(
    fc.constant(policies),
    fc.array(someRequest(policies), { minLength: 40, maxLength: 40 }),
  ),
)

describe('Cedar', () => {
  it('decides every call as permit does', () => {
    const seen = { allow: 0, deny: 0 }
    fc.assert(
      fc.property(withRequests, ([policies, requests]) => {
        const parsed = preparsePolicySet('given', { staticPolicies: policyText(policies) })
        expect(parsed).toEqual({ type: 'success' })
        const entities = [...cedarEntities(policies)] as never
        const state = stateOf(policies)
        for (const request of requests) {
          const cedar = cedarAnswer(() =>
            statefulIsAuthorized({
              principal: entryUid(request.caller),
              action: { type: 'Capstan::Action', id: 'call' },
              resource: entryUid(request.callee),
              context: cedarContext(request) as never,
              preparsedPolicySetId: 'given',
              entities,
            }),
          )
          seen[cedar] += 1
          expect(permit(state, request).allowed ? 'allow' : 'deny').toBe(cedar)
        }
      }),
      { numRuns: 150 },
    )
    // A search that only sees denials has shown little.
    expect(seen.allow / seen.deny).toBeGreaterThan(0.05)
  })

  it('finds the policies valid under their schema', () => {
    fc.assert(
      fc.property(somePolicies, (policies) => {
        const checked = validate({
          schema: cedarSchema,
          policies: { staticPolicies: policyText(policies) },
        })
        if (checked.type === 'failure') throw new Error(JSON.stringify(checked.errors))
        expect(checked.validationErrors).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
