import { ROOT } from '../../core/alias.js'
import { ok, type Result } from '../../core/result.js'
import { changedFields, exceeds, normalize } from '../envelope.js'
import type { Operation } from '../operation.js'
import type { IndexState } from '../state.js'
import { type Decided, decided, gone } from './decision.js'
import { wellFormed, within } from './placement.js'

export function envelopeEffect(
  state: IndexState,
  { subject, body }: Extract<Operation, { op: 'envelope.set' }>,
): Result<Decided> {
  const object = state.entries.get(subject.uid) ?? state.scopes.get(subject.uid)
  if (!object || object.state === 'retired' || object.state === 'retiring')
    return gone('scope or entry', subject.alias)
  const formed = wellFormed(body.envelope)
  if (!formed.ok) return formed
  const envelope = normalize(body.envelope)
  // A field that stays is not asked for anew: whoever gives up power need not first give up what a
  // narrowed parent has taken away already.
  const asked = changedFields(object.envelope, envelope)
  const fits = object.alias === ROOT ? ok() : within(state, object.alias, asked)
  if (!fits.ok) return fits
  const narrower = exceeds(envelope, object.envelope) === undefined
  const wider = object.kind === 'entry' ? 'sensitive' : 'structural'
  return decided({ ...object, envelope, rev: object.rev + 1 }, narrower ? 'narrowing' : wider)
}
