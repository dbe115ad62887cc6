import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { UnixSeconds } from '../../src/core/time.js'
import { holdsPort } from '../../src/namespace/envelope.js'
import type { Decision } from '../../src/namespace/permit/decision.js'
import {
  type Permission,
  permissionsBetween,
  permissionsBeyond,
} from '../../src/namespace/permit/permissions.js'
import { permit, type PermitRequest, type PermitState } from '../../src/namespace/permit/permit.js'
import { portsBetween } from '../../src/namespace/questions/ports-between.js'
import { matchesRoute } from '../../src/namespace/rule/route.js'
import { somePolicies, someRequest, stateOf } from './given-policies.js'

const start = 0 as UnixSeconds

const between = (state: PermitState, { caller, callee }: PermitRequest): readonly Permission[] => {
  const [calls, accepts] = [state.entries.get(caller), state.entries.get(callee)]
  return calls && accepts ? permissionsBetween(state, calls, accepts, start) : []
}

const holds = (
  { ports, routes, from = start, until }: Permission,
  { port, route, at }: PermitRequest,
): boolean =>
  from <= at &&
  at < (until ?? Infinity) &&
  holdsPort(ports, port) &&
  (!routes || (route !== undefined && routes.some((match) => matchesRoute(match, route))))

const conditionOf = (decision: Decision): string | undefined =>
  decision.allowed ? undefined : decision.condition

const withRequests = somePolicies.chain((policies) =>
  fc.tuple(
    fc.constant(stateOf(policies)),
    fc.array(someRequest(policies), { minLength: 20, maxLength: 20 }),
  ),
)

describe('permissions between two entries', () => {
  it('hold exactly the calls that permit allows, at any time', () => {
    fc.assert(
      fc.property(withRequests, ([state, requests]) => {
        for (const request of requests) {
          const held = between(state, request).some((one) => holds(one, request))
          expect(held).toBe(permit(state, request).allowed)
        }
      }),
      { numRuns: 600 },
    )
  })

  it('are what is said of every port, and what is said to be denied is', () => {
    fc.assert(
      fc.property(withRequests, ([state, requests]) => {
        for (const request of requests) {
          const { port, route } = request
          const [caller, callee] = [request.caller, request.callee].map((uid) =>
            state.entries.get(uid),
          )
          if (!caller || !callee) continue
          const asked = { caller, callee, at: request.at, ...(route && { route }) }
          const said = portsBetween(state, asked)
          const decision = permit(state, request)
          const isHeld = said.allowed.some(
            ({ ports, routes }) => holdsPort(ports, port) && (route !== undefined || !routes),
          )
          expect(isHeld).toBe(decision.allowed)
          if (decision.allowed) expect(said.because).toBeUndefined()
          const denied = said.denied.find(({ ports }) => holdsPort(ports, port))
          if (!denied) continue
          expect(decision.allowed).toBe(false)
          if (route) expect(denied.denied).toMatchObject({ condition: conditionOf(decision) })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('beyond those of another state hold every call that only this one allows', () => {
    fc.assert(
      fc.property(withRequests, somePolicies.map(stateOf), ([after, requests], before) => {
        for (const request of requests) {
          const beyond = permissionsBeyond(between(after, request), between(before, request))
          const isNew = permit(after, request).allowed && !permit(before, request).allowed
          if (isNew) expect(beyond.some((one) => holds(one, request))).toBe(true)
          // What is said to be new is at least allowed.
          if (beyond.some((one) => holds(one, request))) {
            expect(permit(after, request).allowed).toBe(true)
          }
        }
      }),
      { numRuns: 600 },
    )
  })

  it('beyond their own are none', () => {
    fc.assert(
      fc.property(withRequests, ([state, requests]) => {
        for (const request of requests) {
          const all = between(state, request)
          expect(permissionsBeyond(all, all)).toEqual([])
        }
      }),
    )
  })
})
