import { MAX_TTL } from '../envelope.js'
import { changeClasses } from '../group.js'
import { choiceId, region } from '../rule/rule-schema.js'
import { object, portRanges, request } from '../schema-parts.js'

const someRegions = { type: 'array', minItems: 1, maxItems: 100, items: region }

const least = (maximum: number) => ({
  ...object(
    Object.fromEntries(
      changeClasses.map((name) => [name, { type: 'integer', minimum: 1, maximum }]),
    ),
  ),
  minProperties: 1,
})

export const guard = {
  oneOf: [
    object(
      {
        id: choiceId,
        effect: { const: 'forbid' },
        callers: someRegions,
        callees: someRegions,
        ports: { ...portRanges, minItems: 1 },
      },
      ['id', 'effect'],
    ),
    object({ id: choiceId, effect: { const: 'minThreshold' }, least: least(1_000_000) }, [
      'id',
      'effect',
      'least',
    ]),
    object({ id: choiceId, effect: { const: 'minControllers' }, least: least(1000) }, [
      'id',
      'effect',
      'least',
    ]),
    object(
      {
        id: choiceId,
        effect: { const: 'maxTtl' },
        maxTtl: { type: 'integer', minimum: 1, maximum: MAX_TTL, description: 'seconds' },
      },
      ['id', 'effect', 'maxTtl'],
    ),
    object({ id: choiceId, effect: { const: 'requireRoutes' } }, ['id', 'effect']),
  ],
}

const ofScope = { alias: region }

/** A guard is written as it is stored. */
export const guardRequestSchemas = {
  'guard.set': request('guard.set', { ...ofScope, guard }, ['guard']),
  'guard.clear': request('guard.clear', { ...ofScope, guard: choiceId }, ['guard']),
}

export const guardBodySchemas = {
  'guard.set': object({ guard }, ['guard']),
  'guard.clear': object({ guard: choiceId }, ['guard']),
}
