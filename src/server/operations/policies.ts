import { ROOT } from '../../core/alias.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type Clock, toIso } from '../../core/time.js'
import type { DecidedChange } from '../../namespace/authorisation.js'
import { type SplitDecision, splitDecision } from '../../namespace/entry-decisions.js'
import type { Entry } from '../../namespace/entry.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import type { Decision } from '../../namespace/permit/decision.js'
import { partyOf, permit } from '../../namespace/permit/permit.js'
import { governing } from '../../namespace/questions/governing.js'
import { type AllowedPorts, portsBetween } from '../../namespace/questions/ports-between.js'
import { unknown } from '../../namespace/resolve-request.js'
import { parseRoute, type Route } from '../../namespace/rule/route.js'
import type { TrafficSplit } from '../../namespace/rule/split.js'
import { toBase64 } from '../../tlog/note-text.js'
import type {
  AuthorisedSplitJson,
  SplitJson,
  WhyJson,
  WhyPortsItemJson,
} from '../http/authorisation-shapes.js'
import type { GuardJson, PermitJson } from '../http/shapes.js'
import type { AskedCall, AskedPorts, Operations } from '../operations.js'
import {
  authorisationJson,
  decidedChangeJson,
  decisionJson,
  deniedJson,
  entryRulesJson,
  governingJson,
  splitJson,
} from '../views/policy-views.js'
import type { ServedLog } from './served-log.js'
import { scopePath } from '../../namespace/scope-path.js'

interface PolicyDeps {
  readonly index: Pick<
    GovernedIndex,
    'state' | 'authorisation' | 'entryDecisions' | 'splitAuthorisation'
  >
  /** Where the log is signed: what proves a record is named. */
  readonly log?: Pick<ServedLog, 'tree'>
  readonly clock: Pick<Clock, 'now'>
}

/** The two entries of a call, and the request. */
interface Sides {
  readonly caller: Entry
  readonly callee: Entry
  readonly route?: Route
}

interface Decided {
  readonly decision: Decision
  readonly json: PermitJson
  readonly caller: Entry
  readonly callee: Entry
}

/** Splits that one answer has, each with records of the log that are read for it. */
const MOST_SPLITS = 20

/** Who may call whom: rules, guards, and what they come to. */
export function policyOperations({
  index,
  log,
  clock,
}: PolicyDeps): Pick<Operations, 'rules' | 'guards' | 'permit' | 'why' | 'whyPorts'> {
  const sidesOf = (call: AskedPorts): Result<Sides> => {
    const { state } = index
    const [caller, callee] = [state.resolve(call.caller), state.resolve(call.callee)]
    if (!caller || !callee) return unknown('entry', caller ? call.callee : call.caller)
    if (call.route === undefined && call.headers.length > 0) {
      return refuse('request.malformed', 'header fields without a request', {
        wanted: 'a route too',
      })
    }
    const route = call.route === undefined ? undefined : parseRoute(call.route, call.headers)
    if (route?.ok === false) return route
    return ok({ caller, callee, ...(route && { route: route.value }) })
  }

  /** The decision, for a program and for whoever asks further. */
  const decide = (call: AskedCall): Result<Decided> => {
    const { state } = index
    const sides = sidesOf(call)
    if (!sides.ok) return sides
    const { caller, callee, route } = sides.value
    const at = clock.now()
    const decision = permit(state, {
      caller: caller.uid,
      callee: callee.uid,
      port: call.port,
      ...(route && { route }),
      at,
    })
    const json = {
      ...decisionJson(state, decision),
      caller: caller.alias,
      callee: callee.alias,
      port: call.port,
      ...(call.route !== undefined && { route: call.route }),
      at: toIso(at),
    }
    return ok({ decision, json, caller, callee })
  }

  /** A traffic split, and who decided on it. */
  const authorisedSplit = (
    split: TrafficSplit,
    { decided, notLookedAt }: SplitDecision,
  ): AuthorisedSplitJson => ({
    ...(splitJson(index.state, split) as unknown as SplitJson),
    authorisation: decided ? decidedChangeJson(decided) : null,
    ...(notLookedAt !== undefined && { notLookedAt }),
  })

  /** Of the port that was asked about. */
  const splitOf = async ({ uid, splits }: Entry, port: number): Promise<WhyJson['split']> => {
    const split = splits?.find((one) => one.port === port)
    return split ? authorisedSplit(split, await index.splitAuthorisation(uid, port)) : null
  }

  /** The latest signed head, where it covers this record. */
  const checkpointOver = async (seq: number): Promise<WhyJson['checkpoint']> => {
    const signed = await log?.tree.checkpoint()
    if (!signed || signed.size <= seq) return null
    return { size: signed.size, root: toBase64(signed.root) }
  }

  const allowedJson = (
    { ports, rule, routes, until }: AllowedPorts,
    found: DecidedChange | undefined,
  ): WhyPortsItemJson => ({
    ...{ ports, allowed: true, rule },
    ...(routes && { routes: routes as unknown as NonNullable<WhyPortsItemJson['routes']> }),
    ...(until !== undefined && { until }),
    authorisation: found ? decidedChangeJson(found) : null,
  })

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
      const decided = decide(call)
      return Promise.resolve(decided.ok ? ok(decided.value.json) : decided)
    },

    async why(call) {
      const decided = decide(call)
      if (!decided.ok) return decided
      const { json, caller, callee, decision } = decided.value
      const { state } = index
      const found = decision.allowed
        ? await index.authorisation(callee.uid, decision.rule.rev)
        : undefined
      return ok({
        ...json,
        authorisation: found ? authorisationJson(found) : null,
        governing: governingJson(governing(partyOf(state, caller), partyOf(state, callee))),
        split: await splitOf(callee, json.port),
        checkpoint: found ? await checkpointOver(found.item.seq) : null,
      })
    },

    async whyPorts(asked) {
      const sides = sidesOf(asked)
      if (!sides.ok) return sides
      const { state } = index
      const { caller, callee } = sides.value
      const at = clock.now()
      const found = portsBetween(state, { ...sides.value, at })
      const { splits = [] } = callee
      const told = splits.slice(0, MOST_SPLITS)
      const decided = await index.entryDecisions({
        uid: callee.uid,
        revisions: found.allowed.map(({ rule }) => rule.rev),
        splits: told.map(({ port }) => port),
      })
      const ports = found.allowed.map((one) =>
        allowedJson(one, decided.revisions.get(one.rule.rev)),
      )
      for (const one of found.denied) {
        ports.push({ ports: one.ports, allowed: false, denied: deniedJson(state, one.denied) })
      }
      return ok({
        allowed: !found.because,
        caller: caller.alias,
        callee: callee.alias,
        ...(asked.route !== undefined && { route: asked.route }),
        at: toIso(at),
        ports,
        denied: found.because ? deniedJson(state, found.because) : null,
        governing: governingJson(governing(partyOf(state, caller), partyOf(state, callee))),
        splits: told.map((split) => authorisedSplit(split, splitDecision(decided, split.port))),
        complete: found.complete && splits.length <= MOST_SPLITS,
      })
    },
  }
}
