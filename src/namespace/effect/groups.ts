import type { Result } from '../../core/result.js'
import type { Group, Voter } from '../group.js'
import type { Operation } from '../operation.js'
import { withoutRecovery } from '../recovery/recovery.js'
import { isSound } from '../sound-group.js'
import type { IndexState } from '../state.js'
import { type Decided, decided, gone } from './decision.js'

type GroupSetting = Extract<Operation, { op: 'group.set' }>

/** Gives a scope voters of its own, or others than before. */
export function groupEffect(state: IndexState, { subject, body }: GroupSetting): Result<Decided> {
  const scope = state.scopes.get(subject.uid)
  if (!scope || scope.state === 'retired') return gone('scope', subject.alias)
  const group = groupAfter(scope.group, body)
  const sound = isSound(group, { index: state.index, before: scope.group })
  if (!sound.ok) return sound
  // A recovery is about the group that it began with.
  return decided({ ...withoutRecovery(scope), group, rev: scope.rev + 1 }, 'structural')
}

/** The group that such a change makes. */
export const groupAfter = (before: Group | null, { group }: GroupSetting['body']): Group => ({
  ...group,
  voters: group.voters.map((voter) => stillBraked(voter, before)),
  rev: (before?.rev ?? 0) + 1,
})

/** Whoever keeps a key keeps the brake on it, whatever they are called: it is lifted by itself alone. */
function stillBraked(voter: Voter, before: Group | null): Voter {
  const thumbprints = new Set(voter.keys.map(({ thumbprint }) => thumbprint))
  const brakes = before?.voters.flatMap(({ keys, brake }) =>
    brake && keys.some(({ thumbprint }) => thumbprints.has(thumbprint)) ? [brake] : [],
  )
  const [brake] = brakes?.sort((a, b) => b.until - a.until) ?? []
  return brake ? { ...voter, brake } : voter
}
