import type { Alias } from '../../core/alias.js'
import { payloadTypes } from '../../namespace/dsse.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'
import {
  cancellationStatement,
  recoveryStatement,
  recoveryToSign,
  type ToSign,
} from '../voting/recovery-statement.js'
import { signed } from '../voting/signed-statements.js'
import { whyOptions } from './change.js'
import { askedGroup, groupOptions } from './group.js'
import {
  renderCancellationToSign,
  renderRecovery,
  renderRecoveryToSign,
  renderSet,
} from './recovery-screen.js'
import { detached, envelopesIn, others, showToSigner } from './signed-together.js'
import { decidedHere } from './proposing.js'
import { keyOf, keyOptions } from './voter.js'

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const scope = await api.value.read(`/v1/scopes/${segment(alias.value)}`)
  if (!scope.ok) return scope
  const begun = await api.value.read('/v1/recoveries')
  if (!begun.ok) return begun
  const set = scope.value.optionalObject('group')?.optionalObject('recovery')
  const recovery = begun.value
    .objects('recoveries')
    .find((one) => one.object('scope').raw('uid') === scope.value.raw('uid'))
  const json = { set: set?.value ?? null, recovery: recovery?.value ?? null }
  return answer(json, (look) => {
    const who = renderSet(look, alias.value || '/', set)
    return recovery ? `${renderRecovery(look, recovery)}\n\n${who}` : who
  })
}

async function start(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const group = await askedGroup(call)
  if (!group.ok) return group
  const key = await keyOf(call)
  if (!key.ok) return key
  const api = await call.operator()
  if (!api.ok) return api
  const statement = await recoveryStatement(api.value, {
    ...asked(call),
    alias: alias.value,
    group: group.value,
  })
  if (!statement.ok) return statement
  showToSigner(call, (look) => renderRecoveryToSign(look, statement.value))
  const envelope = await signed(key.value, payloadTypes.recovery, statement.value)
  const isWhole = statement.value.holders.length === 1
  return isWhole && !call.has('detached') ? sendRecovery(call, [envelope]) : detached([envelope])
}

async function cancel(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  if (!call.has('as')) return cancelHere(call, alias.value)
  if (!call.has('key')) return usage('a voter signs with their key', { wanted: '--key FILE' })
  const key = await keyOf(call)
  if (!key.ok) return key
  const api = await call.operator()
  if (!api.ok) return api
  const statement = await cancellationStatement(api.value, { ...asked(call), alias: alias.value })
  if (!statement.ok) return statement
  showToSigner(call, (look) => renderCancellationToSign(look, statement.value))
  const envelope = await signed(key.value, payloadTypes.cancellation, statement.value)
  const isWhole = statement.value.voters.length === 1
  return isWhole && !call.has('detached') ? sendRecovery(call, [envelope]) : detached([envelope])
}

/** By this installation's own voter, whose key no file has. */
async function cancelHere(call: Invocation, alias: Alias): Promise<Outcome<Answer>> {
  // Whoever asks for a signature of their own asks that nothing be sent without it.
  const unused = (['detached', 'with', 'key'] as const).find((option) => call.has(option))
  if (unused !== undefined) {
    return usage(`--${unused} is for a voter who signs`, {
      wanted: '--as VOTER --key FILE beside it',
    })
  }
  const here = decidedHere(call)
  if (!here.ok) return here
  const api = await call.operator()
  if (!api.ok) return api
  const path = `/v1/scopes/${segment(alias)}/recovery/cancel`
  return shownRecovery(await api.value.send(path, call.why()))
}

const asked = (call: Invocation) => ({
  by: [call.text('as') ?? '', ...others(call)],
  why: call.why(),
  at: call.world.clock.now(),
  nonce: call.world.random(16),
})

async function sign(call: Invocation): Promise<Outcome<Answer>> {
  const envelopes = await envelopesIn(call, 'what capstan recovery start or cancel printed')
  if (!envelopes.ok) return envelopes
  const toSign = recoveryToSign(envelopes.value[0], call.world.clock.now())
  if (!toSign.ok) return toSign
  const as = call.text('as') ?? ''
  if (!signersOf(toSign.value).includes(as)) {
    return usage('this is not asked of you', {
      wanted: signersOf(toSign.value).join(', '),
      found: as,
    })
  }
  const key = await keyOf(call)
  if (!key.ok) return key
  const { kind, statement } = toSign.value
  showToSigner(call, (look) =>
    toSign.value.kind === 'recovery'
      ? renderRecoveryToSign(look, toSign.value.statement)
      : renderCancellationToSign(look, toSign.value.statement),
  )
  const own = await signed(key.value, payloadTypes[kind], statement)
  return detached([...envelopes.value.map(({ value }) => value), own])
}

const signersOf = (toSign: ToSign): readonly string[] =>
  toSign.kind === 'recovery' ? toSign.statement.holders : toSign.statement.voters

async function submit(call: Invocation): Promise<Outcome<Answer>> {
  const envelopes = await envelopesIn(call, 'what capstan recovery sign printed')
  if (!envelopes.ok) return envelopes
  return sendRecovery(
    call,
    envelopes.value.map(({ value }) => value),
  )
}

/** Signed by all whom it takes. */
export async function sendRecovery(call: Invocation, envelopes: unknown): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  return shownRecovery(await api.value.send('/v1/recoveries', { envelopes }))
}

async function finish(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const path = `/v1/scopes/${segment(alias.value)}/recovery/finish`
  return shownRecovery(await api.value.send(path))
}

const shownRecovery = (sent: Outcome<JsonReader>): Outcome<Answer> =>
  sent.ok ? answer(sent.value.value, (look) => renderRecovery(look, sent.value)) : sent

const signing = (whose: string): readonly OptionSpec[] => [
  { flags: '--as <name>', description: whose, need: 'required' },
  ...keyOptions,
]

const together: readonly OptionSpec[] = [
  { flags: '--with <names>', description: 'others who sign it too, with commas between them' },
  { flags: '--detached', description: 'print what was signed instead of sending it' },
  ...whyOptions,
]

export const recoveryCommands: readonly CommandSpec[] = [
  {
    path: 'recovery show',
    arguments: '[scope]',
    summary: 'who may replace the voters of a scope, and whether somebody is about to',
    examples: ['capstan recovery show', 'capstan recovery show payments'],
    run: show,
  },
  {
    path: 'recovery start',
    arguments: '<scope>',
    summary: 'replace the voters of a scope, when too few of them are left',
    details: [
      'Signed by holders of the recovery set that the group of the scope has named: --with names the others, the command prints what was signed, each of them adds a signature with `capstan recovery sign`, and `capstan recovery submit` hands it in.',
      'It takes effect after the delay of the set, with `capstan recovery finish`. Until then every voter who is left may stop it: `capstan recovery cancel`.',
    ],
    options: [...groupOptions, ...signing('your name in the recovery set'), ...together],
    examples: [
      'capstan recovery start / --voter new-ann.json --voter new-bob.json --voter new-cyd.json --as r1 --key r1.key --with r2 > recovery.json',
    ],
    run: start,
  },
  {
    path: 'recovery sign',
    arguments: '<file>',
    summary: 'add your signature to what starts or stops a recovery',
    details: ['Shows what it says, signs the same octets, and prints it with all signatures.'],
    options: signing('your name in the recovery set, or in the group'),
    examples: ['capstan recovery sign recovery.json --as r2 --key r2.key > both.json'],
    run: sign,
  },
  {
    path: 'recovery submit',
    arguments: '<file>',
    summary: 'hand in what starts or stops a recovery',
    examples: ['capstan recovery submit both.json'],
    run: submit,
  },
  {
    path: 'recovery cancel',
    arguments: '<scope>',
    summary: 'stop a recovery: the voters are there after all',
    details: [
      'By voters of the group, as many as a brake takes; by any one of them where the group has no brake.',
      "Without --as, by this installation's own voter.",
    ],
    options: [
      ...signing('your name in the group').map(({ need: _need, ...option }) => option),
      ...together,
    ],
    examples: [
      'capstan recovery cancel / --as ann --key ann.key --reason "we are here"',
      'capstan recovery cancel /',
    ],
    run: cancel,
  },
  {
    path: 'recovery finish',
    arguments: '<scope>',
    summary: 'give a scope the voters that its recovery names, once its time has come',
    examples: ['capstan recovery finish /'],
    run: finish,
  },
]
