import { ok, refuse, type Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import { unreachable } from '../../core/unreachable.js'
import { isBraked, withoutBrake } from '../brake-mark.js'
import { isUnderEmergency, withoutEmergency } from '../emergency/emergency.js'
import type { Entry } from '../entry.js'
import { normalize } from '../envelope.js'
import type { Operation } from '../operation.js'
import { type IndexState, keysOf } from '../state.js'
import { bindingAddition, bindingRemoval } from './bindings.js'
import { type ChangeContext, type Decided, decided, gone } from './decision.js'
import { drainEnd, quarantine } from './drain.js'
import { isGrantedAbove } from './held.js'
import { mayPlace, notBraked } from './placement.js'
import { ruleEffect } from './rules.js'
import { splitEffect } from './splits.js'
import { isUnique } from './uniqueness.js'

type Creation = Extract<Operation, { op: 'entry.create' }>
type EntryOperation = Exclude<
  Extract<Operation, { op: `${'entry' | 'binding' | 'rule' | 'split'}.${string}` }>,
  Creation
>

export function entryCreation(
  state: IndexState,
  { subject: { alias }, body }: Creation,
  { newUid, at }: ChangeContext,
): Result<Decided> {
  const placed = mayPlace(state, alias, body.envelope, at)
  if (!placed.ok) return placed
  const entry: Entry = {
    kind: 'entry',
    uid: newUid,
    alias,
    state: 'active',
    rev: 1,
    head: '',
    owner: body.owner,
    envelope: normalize(body.envelope),
    bindings: body.bindings,
    rules: [],
    labels: body.labels,
    ...(body.validUntil !== undefined && { validUntil: body.validUntil }),
    createdAt: at,
  }
  const unique = isUnique(state, entry, at)
  return unique.ok ? decided(entry, 'sensitive') : unique
}

export function entryEffect(
  state: IndexState,
  operation: EntryOperation,
  context: ChangeContext,
): Result<Decided> {
  const entry = state.entries.get(operation.subject.uid)
  if (!entry) return gone('entry', operation.subject.alias)
  if (entry.state === 'retiring') {
    return refuse('namespace.wrong-state', `the entry ${entry.alias} is retired`, {
      wanted: 'an entry that is active or suspended',
      found: 'retired',
      next: `capstan log ${entry.alias}`,
    })
  }
  const next: Entry = { ...entry, rev: entry.rev + 1 }
  switch (operation.op) {
    case 'entry.suspend':
      return entry.state === 'suspended' && !isUnderEmergency(entry, context.at)
        ? already(entry)
        : decided(suspended(state, next, context.at), 'narrowing')
    case 'entry.reactivate':
      return reactivation(next, context.at)
    case 'entry.retire':
      return retirement(state, next, context)
    case 'entry.update':
      return update(next, operation.body)
    case 'entry.rename':
      return renaming(state, entry, { ...next, alias: operation.body.to }, context)
    case 'binding.add':
      return bindingAddition(state, next, operation.body.binding, context.at)
    case 'binding.remove':
      return bindingRemoval(state, next, operation.body.binding, context)
    case 'rule.attach':
    case 'rule.replace':
    case 'rule.detach':
      return ruleEffect(state, next, operation, context.at)
    case 'split.set':
    case 'split.clear':
      return splitEffect(state, next, operation, context.at)
    default:
      return unreachable(operation)
  }
}

function suspended(state: IndexState, entry: Entry, at: UnixSeconds): Entry {
  const isHeld = entry.held ?? (isBraked(entry, at) && isGrantedAbove(state, entry))
  return {
    ...withoutEmergency(withoutBrake(entry)),
    state: 'suspended',
    ...(isHeld && { held: true }),
  }
}

const already = (entry: Entry) =>
  refuse('namespace.wrong-state', `the entry ${entry.alias} is ${entry.state}`, {
    wanted: entry.state === 'active' ? 'a suspended entry' : 'an active entry',
    found: entry.state,
  })

function reactivation(entry: Entry, at: UnixSeconds): Result<Decided> {
  if (entry.validUntil !== undefined && at >= entry.validUntil) {
    return refuse('namespace.wrong-state', `the lifetime of the entry ${entry.alias} has ended`, {
      wanted: 'an entry that is valid longer',
      next: `capstan entry update ${entry.alias} --valid-until WHEN`,
    })
  }
  return entry.state === 'active'
    ? already(entry)
    : decided({ ...withoutEmergency(released(entry)), state: 'active' }, 'sensitive')
}

function released({ held: _held, ...entry }: Entry): Entry {
  return entry
}

function retirement(state: IndexState, entry: Entry, context: ChangeContext): Result<Decided> {
  const drainUntil = drainEnd(context)
  return ok({
    effect: {
      put: { ...withoutEmergency(withoutBrake(entry)), state: 'retiring', drainUntil },
      quarantine: quarantine(keysOf(state, entry), entry.uid, drainUntil),
    },
    changeClass: 'narrowing',
  })
}

function update(
  entry: Entry,
  { owner, labels, validUntil }: Extract<Operation, { op: 'entry.update' }>['body'],
): Result<Decided> {
  const { validUntil: before, ...rest } = entry
  const until = validUntil === undefined ? before : (validUntil ?? undefined)
  const longer = before !== undefined && (until === undefined || until > before)
  return decided(
    {
      ...rest,
      ...(owner && { owner }),
      ...(labels && { labels }),
      ...(until !== undefined && { validUntil: until }),
    },
    longer || owner ? 'sensitive' : 'routine',
  )
}

function renaming(
  state: IndexState,
  before: Entry,
  entry: Entry,
  context: ChangeContext,
): Result<Decided> {
  const free = notBraked(state, before.alias, context.at)
  if (!free.ok) return free
  const placed = mayPlace(state, entry.alias, entry.envelope, context.at)
  if (!placed.ok) return placed
  const unique = isUnique(state, entry, context.at)
  if (!unique.ok) return unique
  const kept = new Set(keysOf(state, entry))
  const given = keysOf(state, before).filter((key) => !kept.has(key))
  return ok({
    effect: {
      put: entry,
      quarantine: quarantine(given, entry.uid, drainEnd(context)),
      redirectFrom: before.alias,
    },
    changeClass: 'sensitive',
  })
}
