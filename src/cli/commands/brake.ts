import { payloadTypes } from '../../namespace/dsse.js'
import type { BrakeStatement } from '../../namespace/statements.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import { brakeStatement, brakeToSign } from '../voting/brake-statement.js'
import { type Envelope, signed } from '../voting/signed-statements.js'
import { renderBrake, renderBrakes, renderBrakeToSign } from './brake-screen.js'
import { changeOptions, sendChange, whyOptions } from './change.js'
import { detached, envelopesIn, others, showToSigner } from './signed-together.js'
import { decidedHere } from './proposing.js'
import { keyOf, keyOptions } from './voter.js'

async function brake(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const asked = call.duration('for')
  if (!asked.ok) return asked
  const [rule, voter, as] = [call.text('rule'), call.text('voter'), call.text('as')]
  const ttl = asked.value
  if (ttl === undefined || (rule !== undefined && voter !== undefined)) {
    return usage('a brake is on one thing, for a while', { wanted: '--for, and --rule or --voter' })
  }
  if (as === undefined) {
    // Whoever asks for a signature of their own asks that nothing be sent without it.
    const unused = ofVoters.find((option) => call.has(option))
    if (unused !== undefined) {
      return usage(`--${unused} is for a voter who signs`, {
        wanted: '--as VOTER --key FILE beside it',
      })
    }
    const here = decidedHere(call)
    if (!here.ok) return here
    const request = {
      alias: alias.value,
      ttl,
      ...(rule !== undefined && { rule }),
      ...(voter !== undefined && { voter }),
      ...call.why(),
    }
    const api = await call.operator()
    return api.ok ? shownBrake(await api.value.send('/v1/brakes', request)) : api
  }
  if (!call.has('key')) return usage('a voter signs with their key', { wanted: '--key FILE' })
  const key = await keyOf(call)
  if (!key.ok) return key
  const api = await call.operator()
  if (!api.ok) return api
  const statement = await brakeStatement(api.value, {
    alias: alias.value,
    rule,
    voter,
    ttl,
    voters: [as, ...others(call)],
    why: call.why(),
    at: call.world.clock.now(),
    nonce: call.world.random(16),
  })
  if (!statement.ok) return statement
  showToSigner(call, (look) => renderBrakeToSign(look, statement.value))
  const envelope = await signed(key.value, payloadTypes.brake, statement.value)
  const isWhole = statement.value.voters.length === 1
  return isWhole && !call.has('detached') ? sendBrake(call, [envelope]) : detached([envelope])
}

const ofVoters = ['detached', 'with', 'key'] as const

async function sign(call: Invocation): Promise<Outcome<Answer>> {
  const read = await envelopesIn(call, 'what capstan brake printed')
  if (!read.ok) return read
  const envelopes = read.value
  const [first] = envelopes
  const statement = brakeToSign(first, call.world.clock.now())
  if (!statement.ok) return statement
  const as = call.text('as') ?? ''
  if (!statement.value.voters.includes(as)) {
    return usage('the brake is not asked of you', {
      wanted: statement.value.voters.join(', '),
      found: as,
    })
  }
  const key = await keyOf(call)
  if (!key.ok) return key
  showToSigner(call, (look) => renderBrakeToSign(look, statement.value))
  const own: Envelope = await signed(
    key.value,
    payloadTypes.brake,
    statement.value satisfies BrakeStatement,
  )
  return detached([...envelopes.map(({ value }) => value), own])
}

/** Signed by all whom it takes. */
export async function sendBrake(call: Invocation, envelopes: unknown): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  return shownBrake(await api.value.send('/v1/brakes/signed', { envelopes }))
}

const shownBrake = (sent: Outcome<JsonReader>): Outcome<Answer> =>
  sent.ok ? answer(sent.value.value, (look) => renderBrake(look, sent.value)) : sent

async function lift(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const [rule, voter] = [call.text('rule'), call.text('voter')]
  if (voter !== undefined) {
    return sendChange(call, { op: 'voter.reinstate', alias: alias.value, voter })
  }
  return sendChange(call, {
    op: 'brake.lift',
    alias: alias.value,
    ...(rule !== undefined && { rule }),
  })
}

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.read('/v1/brakes')
  if (!found.ok) return found
  return answer(found.value.value, (look) => renderBrakes(look, found.value.objects('brakes')))
}

const targetOptions: readonly OptionSpec[] = [
  { flags: '--rule <id>', description: 'this rule of the entry alone' },
  { flags: '--voter <id>', description: "this voter of the scope's own group" },
]

export const brakeCommands: readonly CommandSpec[] = [
  {
    path: 'brake',
    arguments: '<alias>',
    summary: 'suspend an entry, a scope, a rule or a voter at once, for a while',
    details: [
      'A braked entry gets no certificates and makes and takes no calls; in a braked scope nothing does. A braked rule allows nothing. A braked voter may say no, and nothing else. It ends by itself. `capstan entry suspend` and the like, by vote, outlast it; `brake lift` ends it sooner.',
      "Without --as, by this installation's own voter. With --as, it shows what is signed, and signs nothing that is about something else than was named. Where it takes several voters: --with names the others, the command prints what was signed, each of them adds a signature with `capstan brake sign`, and `capstan submit` hands it in.",
    ],
    options: [
      // Not marked as required: the commands below this one have no such option.
      { flags: '--for <duration>', description: 'how long: 30m, 2h; at most 24h' },
      ...targetOptions,
      { flags: '--as <voter>', description: 'your name in the group' },
      ...keyOptions.map(({ flags, description }) => ({ flags, description })),
      { flags: '--with <voters>', description: 'others who sign it too, with commas between them' },
      { flags: '--detached', description: 'print the signed brake instead of sending it' },
      ...whyOptions,
    ],
    examples: [
      'capstan brake payments/api --for 2h --reason "its key was seen elsewhere"',
      'capstan brake payments/api --rule web --for 30m --as ann --key ann.key',
      'capstan brake / --voter bob --for 24h --as ann --key ann.key --with cyd > brake.json',
      'capstan brake payments --for 1h --as ann --key ann.key --with bob > brake.json',
    ],
    run: brake,
  },
  {
    path: 'brake sign',
    arguments: '<file>',
    summary: 'add your signature to a brake that takes several voters',
    details: ['Shows what it says, signs the same octets, and prints it with both signatures.'],
    options: [
      { flags: '--as <voter>', description: 'your name in the group', need: 'required' },
      ...keyOptions,
    ],
    examples: ['capstan brake sign brake.json --as bob --key bob.key > both.json'],
    run: sign,
  },
  {
    path: 'brake lift',
    arguments: '<alias>',
    summary: 'end a brake before its time, by vote',
    details: ['As many have to approve it as reactivate what was suspended.'],
    options: [...targetOptions, ...changeOptions],
    examples: ['capstan brake lift payments/api', 'capstan brake lift / --voter bob'],
    run: lift,
  },
  {
    path: 'brake list',
    summary: 'brakes of the last seven days, and what became of them',
    examples: ['capstan brake list'],
    run: list,
  },
]
