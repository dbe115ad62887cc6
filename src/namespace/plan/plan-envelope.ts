import type { Alias } from '../../core/alias.js'
import type { Uid } from '../../core/uid.js'
import { type Envelope, normalize } from '../envelope.js'
import type { IndexState } from '../state.js'
import { difference, type PlannedChange } from './planned-change.js'

/** The default, cut down to what is allowed above; and on top of it what was asked for, uncut. */
export const wantedEnvelope = (
  state: IndexState,
  preset: Envelope,
  asked: Envelope = {},
): Envelope => normalize({ ...preset, ...withClusterUids(state, asked) })

export function planEnvelope(
  subject: string,
  present: { readonly alias: Alias; readonly envelope: Envelope },
  wanted: Envelope,
): PlannedChange[] {
  const { alias } = present
  const lines = difference(present.envelope, wanted)
  if (lines.length === 0) return []
  return [
    { request: { op: 'envelope.set', alias, envelope: wanted }, kind: 'change', subject, lines },
  ]
}

function withClusterUids(state: IndexState, envelope: Envelope): Envelope {
  const { clusters } = envelope
  if (!Array.isArray(clusters)) return envelope
  return {
    ...envelope,
    // An alias that is not registered stays, and is refused by name when the change is made.
    clusters: (clusters as readonly Uid[]).map(
      (alias) => state.clusterByAlias(alias as string as Alias)?.uid ?? alias,
    ),
  }
}
