import { changeClasses } from '../../../namespace/group.js'
import { endKinds, endOwners } from '../../../namespace/questions/ends.js'
import type { JsonSchema } from './json-schema.js'
import { count } from './scalars.js'
import {
  anyObject,
  boolean,
  integer,
  list,
  names,
  orNull,
  reference,
  shape,
  string,
  time,
} from './shape.js'

const ports = list({ type: 'array', items: count, minItems: 2, maxItems: 2 })
const differing = shape({
  kind: { enum: ['scope', 'entry', 'cluster'] },
  alias: string,
  change: { enum: ['created', 'changed'] },
  fields: list(string),
})
const entryDifference = shape(
  {
    alias: string,
    certificates: { enum: ['gained', 'lost', 'kept', 'none'] },
    names: shape({ gained: list(string), lost: list(string) }),
    wider: list(string),
    narrower: list(string),
  },
  { was: string },
)
const splitDifference = shape({
  alias: string,
  port: count,
  backends: list(shape({ entry: string }, { port: count, before: count, after: count })),
})
const difference = {
  permissions: shape({
    added: list(reference('Permission')),
    removed: list(reference('Permission')),
  }),
  entries: list(entryDifference),
  objects: list(differing),
  complete: boolean,
}
/** Where no traffic goes elsewhere they are not there, so that such an impact has the digest it had. */
const splitsOfDifference = { splits: list(splitDifference) }

const told = { seq: count, at: time, alias: string, class: string, proposal: string }

const decidedChange = {
  change: reference('HistoryItem'),
  scope: string,
  group: count,
  needs: orNull(shape({ threshold: count, controllers: count })),
  votes: list(
    shape({ voter: string, decision: string, cast: time }, { controller: string, weight: count }),
  ),
}

/** Where the group that decided was not found. */
const mayBeTooFarBack = { groupNotLookedAt: count }

/** Answers to what people ask about the namespace. */
export const questionSchemas = {
  HistoryItem: shape(
    {
      seq: count,
      at: time,
      op: string,
      subject: string,
      rev: count,
      by: string,
      votes: list(string),
      proposal: string,
      class: string,
      summary: list(string),
    },
    { reason: string, ticket: string, names, former: list(string) },
  ),
  Authorisation: shape(
    { ...decidedChange, others: list(reference('HistoryItem')) },
    { notLookedAt: count, ...mayBeTooFarBack },
  ),
  DecidedChange: shape(decidedChange, mayBeTooFarBack),
  Permission: shape(
    { caller: string, callee: string, rule: string, ports },
    { routes: list(anyObject), from: count, until: count },
  ),
  Impact: shape(
    {
      v: { const: 1 },
      proposal: string,
      class: { enum: changeClasses },
      ...difference,
    },
    {
      ...splitsOfDifference,
      lookAlikes: list(shape({ alias: string, resembles: string }, { leadsTo: string })),
    },
  ),
  Warning: shape(
    { kind: { enum: ['looks-like', 'not-all-compared'] } },
    { alias: string, resembles: string, leadsTo: string },
  ),
  ShownImpact: shape({ proposal: string, digest: string, impact: reference('Impact') }),
  Reach: shape(
    {
      entry: string,
      at: time,
      reached: list(
        shape({ alias: string, uid: string, permissions: list(reference('Permission')) }),
      ),
    },
    { next: string },
  ),
  Cedar: shape(
    { size: count, at: time, policies: list(string), entities: list(anyObject) },
    { next: string },
  ),
  Changes: shape({ changes: list(reference('DecidedChange')) }, { next: count }),
  Authority: shape({
    alias: string,
    scope: string,
    group: count,
    solo: boolean,
    voters: list(shape({ id: string, controller: string, weight: count, status: string })),
    proposers: list(string),
    classes: list(
      shape({
        class: { enum: changeClasses },
        threshold: count,
        controllers: count,
        timelock: count,
        seconded: boolean,
        coalitions: list(list(string)),
        complete: boolean,
      }),
    ),
    guards: list(shape({ scope: string, guard: { ...anyObject, required: ['id', 'effect'] } })),
  }),
  Resilience: shape({
    scope: string,
    group: count,
    solo: boolean,
    voters: list(string),
    keysEnd: list(shape({ voter: string, at: time })),
    classes: list(
      shape({
        class: { enum: changeClasses },
        possible: boolean,
        needs: list(string),
        survives: integer,
        until: orNull(time),
      }),
    ),
    recovery: orNull(shape({ scope: string, able: boolean })),
    recoverySet: orNull(
      shape({
        holders: list(string),
        threshold: count,
        delay: count,
        able: boolean,
        until: orNull(time),
      }),
    ),
    grants: list(shape({ name: string, drilled: orNull(time) })),
  }),
  Inbox: shape({
    at: time,
    proposals: list(reference('Proposal')),
    brakes: list(reference('Brake')),
    recoveries: list(reference('Recovery')),
    grants: list(reference('EmergencyGrant')),
    former: list(reference('FormerUse')),
  }),
  Diff: shape(
    {
      from: shape({ size: count, at: time }),
      to: shape({ size: count, at: time }),
      ...difference,
    },
    splitsOfDifference,
  ),
  Voted: shape(
    {
      changes: list(
        shape({
          ...told,
          scope: string,
          group: count,
          decision: string,
          weight: count,
          decisive: boolean,
        }),
      ),
    },
    { next: count },
  ),
  Exceptions: shape(
    {
      exceptions: list(
        shape(
          { ...told, kind: string, op: string, by: string },
          { reason: string, ratification: { enum: ['ratified', 'waits', 'missed'] } },
        ),
      ),
    },
    { next: count },
  ),
  Ends: shape(
    {
      at: time,
      ends: list(
        shape(
          { at: time, kind: { enum: endKinds }, alias: string },
          { of: { enum: endOwners }, id: string, last: { const: true } },
        ),
      ),
    },
    { next: string },
  ),
  Stale: shape(
    {
      stale: list(
        shape(
          {
            alias: string,
            uid: string,
            owner: string,
            rules: list(shape({ id: string, because: string })),
          },
          { unused: shape({ last: orNull(time) }) },
        ),
      ),
    },
    { next: string },
  ),
} as const satisfies Record<string, JsonSchema>
