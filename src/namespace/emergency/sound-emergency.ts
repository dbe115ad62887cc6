import type { Refusal } from '../../core/refusal.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { Group } from '../group.js'
import { type EmergencyGrant, RATIFY_WITHIN } from './emergency.js'

type Sound = Result<undefined, Refusal<'namespace.group-invalid'>>

const invalid = (detail: string, wanted: string, found: string) =>
  refuse('namespace.group-invalid', detail, { reason: 'emergency', wanted, found })

/** Has every grant enough people who may use it, and a name of its own? What else it may say, its schema says. */
export function isSoundEmergency(group: Group): Sound {
  const grants = group.emergency?.grants ?? []
  const names = grants.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) {
    return invalid('two grants have one name', 'a name for each grant', twice)
  }
  const idle = group.emergency?.holders?.find(
    ({ id }) => !grants.some(({ who }) => who.includes(id)),
  )
  if (idle) return invalid('a holder is named in no grant', 'a grant that names them', idle.id)
  const wait = group.timelock?.sensitive ?? 0
  if (grants.length > 0 && wait >= RATIFY_WITHIN) {
    return invalid(
      'no use of a grant could be ratified in time',
      `a timelock of less than ${RATIFY_WITHIN} s for sensitive changes, or no grants`,
      String(wait),
    )
  }
  for (const grant of grants) {
    const sound = isSoundGrant(group, grant)
    if (!sound.ok) return sound
  }
  return ok()
}

function isSoundGrant(group: Group, { name, who, threshold }: EmergencyGrant): Sound {
  const named = [...group.voters, ...(group.emergency?.holders ?? [])]
  const stranger = who.find((id) => !named.some((one) => one.id === id))
  if (stranger !== undefined) {
    return invalid(
      `the grant ${name} names somebody who is not there`,
      'voters of the group, or holders of it',
      stranger,
    )
  }
  const people = new Set(named.filter(({ id }) => who.includes(id)).map((one) => one.controller))
  return threshold <= people.size
    ? ok()
    : invalid(
        `the grant ${name} wants more people than it names`,
        `threshold: 1 to ${people.size}`,
        String(threshold),
      )
}
