import { canonicalize } from '../../core/canonical-json.js'
import { plus, type UnixSeconds } from '../../core/time.js'
import { visible } from '../../core/visible.js'
import { TELL_FOR } from '../../namespace/recovery/recovery.js'
import type {
  CancellationStatement,
  RecoveryStatement,
} from '../../namespace/recovery/recovery-statements.js'
import { JsonReader } from '../json-reader.js'
import { type Field, renderFields } from '../screen/fields.js'
import type { Colour, Look } from '../screen/look.js'
import { parseInstant, renderInstant, renderTime } from '../screen/times.js'

const shown = (alias: string): string => (alias === '' ? '/' : alias)

const COLOURS: Readonly<Record<string, Colour>> = { lapsed: 'dim', cancelled: 'green' }

/** Somebody is about to replace voters: nobody has stopped it, and it is not over. */
export const isOpenRecovery = (one: JsonReader): boolean =>
  ['waiting', 'due'].includes(one.raw('standing'))

/** The same, or it gave a scope its voters in the last thirty days. */
export function isToldRecovery(one: JsonReader, now: UnixSeconds): boolean {
  const finished = one.absent('finished') ? undefined : parseInstant(one.raw('finished'))
  return isOpenRecovery(one) || (finished !== undefined && now < plus(finished, TELL_FOR))
}

/** Of a status, what is told of all that were begun; a server of an earlier version shows none. */
export const openRecoveries = (status: JsonReader): readonly JsonReader[] =>
  status.absent('recoveries') ? [] : status.objects('recoveries')

/** `voters of / are replaced from 2026-11-24 08:15Z (in 3 d) on, by r1, r2: capstan recovery cancel /` */
export function recoveryLine({ now }: Look, one: JsonReader): string {
  const scope = shown(one.text('scope'))
  const by = one.texts('holders').join(', ')
  if (!one.absent('finished')) {
    return `voters of ${scope} were replaced ${renderTime(one.text('finished'), now)}, by ${by}: capstan recovery show ${scope}`
  }
  return `voters of ${scope} may be replaced from ${renderTime(one.text('due'), now)} on, by ${by}: capstan recovery show ${scope}`
}

/** Of a scope, while somebody is about to replace its voters, or once they have. */
export function recoveryOf(look: Look, scope: JsonReader): string | undefined {
  const recovery = scope.optionalObject('recovery')
  if (!recovery) return undefined
  const standing = recovery.text('standing')
  const due = isOpenRecovery(recovery)
    ? `: its voters may be replaced from ${renderTime(recovery.text('due'), look.now)} on`
    : ''
  return look.paint(COLOURS[standing] ?? 'red', `${standing}${due}`)
}

export function renderRecovery(look: Look, one: JsonReader): string {
  const standing = one.text('standing')
  const scope = shown(one.object('scope').text('alias'))
  const { now } = look
  const cancelled = one.optionalObject('cancelled')
  const finished = one.optional('finished')
  const isOpen = isOpenRecovery(one)
  const fields: readonly Field[] = [
    ['recovery', look.paint(COLOURS[standing] ?? 'red', `of ${scope}: ${standing}`)],
    ['by', `${one.texts('holders').join(', ')}, of the set of revision ${one.count('from')}`],
    ['started', renderTime(one.text('since'), now)],
    ['takes effect', isOpen ? `from ${renderTime(one.text('due'), now)} on` : undefined],
    ['lapses', isOpen ? renderTime(one.text('lapses'), now) : undefined],
    ['cancelled', cancelled && renderTime(cancelled.text('at'), now)],
    ['again from', cancelled && renderTime(cancelled.text('again'), now)],
    ['finished', finished === undefined ? undefined : renderTime(finished, now)],
    ['new voters', votersOf(one.object('group'))],
    ['reason', one.optional('reason')],
    ['ticket', one.optional('ticket')],
    ['record', String(one.count('seq'))],
    [
      'next',
      isOpen
        ? `capstan recovery cancel ${scope}, with --as VOTER --key FILE where others decide`
        : undefined,
    ],
  ]
  return renderFields(look, fields)
}

/** For each who they are, how much they weigh and whether they vote; and below it every key, whole. */
const votersOf = (group: JsonReader): readonly string[] =>
  group
    .objects('voters')
    .flatMap((voter) => [
      `${voter.text('id')} (${voter.text('controller')}): weight ${voter.count('weight')}, ${voter.text('status')}`,
      ...keysOf(voter),
    ])

/** `  key 9f86d0…, from 2026-11-21 08:15Z until 2027-11-21 08:15Z`: whose first characters agree may be another. */
const keysOf = (who: JsonReader): readonly string[] =>
  who.objects('keys').map((key) => {
    const until = key.absent('until') ? '' : ` until ${instantOf(key, 'until')}`
    return `  key ${key.text('thumbprint')}, from ${instantOf(key, 'from')}${until}`
  })

const instantOf = (key: JsonReader, name: string): string => renderInstant(key.instant(name))

/** What a holder signs, in words, and all of it: whoever is in the group decides from then on. */
export function renderRecoveryToSign(look: Look, statement: RecoveryStatement): string {
  const { subject, base, from, holders, expires } = statement
  const group = new JsonReader(statement.group, 'the group')
  const said = new JsonReader(statement, 'the recovery')
  const { voters: _voters, ...terms } = statement.group
  return renderFields(look, [
    ['recovery', `of ${shown(subject.alias)}: its voters are replaced`],
    ['about', `${subject.uid}, revision ${base.rev}, with revision ${from} of its group`],
    ['new voters', votersOf(group)],
    ['terms', visible(canonicalize(terms))],
    ['by', holders.join(', ')],
    ['hand in by', renderInstant(expires)],
    ['reason', said.optional('reason')],
    ['ticket', said.optional('ticket')],
    ['index', said.text('index')],
  ])
}

export function renderCancellationToSign(look: Look, statement: CancellationStatement): string {
  const { subject, recovery, from, voters, expires } = statement
  const said = new JsonReader(statement, 'the cancellation')
  return renderFields(look, [
    ['cancels', `the recovery of ${shown(subject.alias)}: its voters stay`],
    ['statement', recovery],
    ['about', `${subject.uid}, with revision ${from} of its group`],
    ['by', voters.join(', ')],
    ['hand in by', renderInstant(expires)],
    ['reason', said.optional('reason')],
    ['ticket', said.optional('ticket')],
    ['index', said.text('index')],
  ])
}

/** Who could replace the voters of a scope. */
export function renderSet(look: Look, scope: string, set: JsonReader | undefined): string {
  if (!set) {
    return renderFields(look, [
      ['recovery set', look.paint('yellow', `${scope} has none`)],
      ['next', `capstan group set ${scope} --recovery FILE...`],
    ])
  }
  const holders = set.objects('holders')
  return renderFields(look, [
    ['recovery set', `of ${scope}: ${set.count('threshold')} of ${holders.length}`],
    ['delay', `${set.count('delay') / 3600} h`],
    [
      'holders',
      holders.flatMap((one) => [`${one.text('id')} (${one.text('controller')})`, ...keysOf(one)]),
    ],
  ])
}
