import { changeClasses } from '../../../namespace/group.js'
import type { JsonSchema } from './json-schema.js'
import { count } from './scalars.js'
import { anyObject, boolean, list, reference, shape, string } from './shape.js'

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
const difference = {
  permissions: shape({
    added: list(reference('Permission')),
    removed: list(reference('Permission')),
  }),
  entries: list(entryDifference),
  objects: list(differing),
  complete: boolean,
}

/** Answers to what people ask about the namespace. */
export const questionSchemas = {
  Permission: shape(
    { caller: string, callee: string, rule: string, ports },
    { routes: list(anyObject), from: count, until: count },
  ),
  Impact: shape({
    v: { const: 1 },
    proposal: string,
    class: { enum: changeClasses },
    ...difference,
  }),
  ShownImpact: shape({ proposal: string, digest: string, impact: reference('Impact') }),
} as const satisfies Record<string, JsonSchema>
