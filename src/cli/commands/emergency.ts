import { payloadTypes } from '../../namespace/dsse.js'
import { type EmergencyAct, emergencyActs } from '../../namespace/emergency/emergency.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import { invocationStatement, invocationToSign } from '../voting/emergency-statement.js'
import { signed } from '../voting/signed-statements.js'
import { changeOptions, sendChange, whyOptions } from './change.js'
import {
  formerIn,
  renderGrants,
  renderInvocationToSign,
  renderInvoked,
} from './emergency-screen.js'
import { ruleFromOptions, ruleOptions } from './rule-fields.js'
import { detached, envelopesIn, others, showToSigner } from './signed-together.js'
import { keyOf, keyOptions } from './voter.js'

async function list(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.read('/v1/emergencies')
  if (!found.ok) return found
  const { value } = found
  return answer(value.value, (look) => renderGrants(look, value.objects('grants'), formerIn(value)))
}

const invoke = (call: Invocation): Promise<Outcome<Answer>> => using(call, 'use')
const drill = (call: Invocation): Promise<Outcome<Answer>> => using(call, 'drill')

async function using(call: Invocation, how: 'use' | 'drill'): Promise<Outcome<Answer>> {
  const alias = call.alias(1)
  if (!alias.ok) return alias
  const ttl = call.duration('for')
  if (!ttl.ok) return ttl
  const act = emergencyActs.find((one) => one === call.text('act'))
  if (ttl.value === undefined || act === undefined) {
    return usage('a grant is used for one thing, for a while', {
      wanted: `--act ${emergencyActs.join(' or ')}, and --for`,
    })
  }
  const rule = ruleOf(call, act)
  if (!rule.ok) return rule
  const key = await keyOf(call)
  if (!key.ok) return key
  const api = await call.operator()
  if (!api.ok) return api
  const statement = await invocationStatement(api.value, {
    grant: call.word(0) ?? '',
    alias: alias.value,
    act,
    rule: rule.value,
    ttl: ttl.value,
    by: [call.text('as') ?? '', ...others(call)],
    drill: how === 'drill',
    why: call.why(),
    at: call.world.clock.now(),
    nonce: call.world.random(16),
  })
  if (!statement.ok) return statement
  showToSigner(call, (look) => renderInvocationToSign(look, statement.value))
  const envelope = await signed(key.value, payloadTypes.emergency, statement.value)
  const isWhole = statement.value.by.length === 1
  return isWhole && !call.has('detached') ? sendInvocation(call, [envelope]) : detached([envelope])
}

/** The call that is to be allowed; nothing of one may be said where none is. */
function ruleOf(
  call: Invocation,
  act: EmergencyAct,
): Outcome<Readonly<Record<string, unknown>> | undefined> {
  if (act === 'allow') return ruleFromOptions(call)
  const unused = ['caller', 'port', 'proto', 'route', 'prefix'].find((option) => call.has(option))
  return unused === undefined
    ? { ok: true, value: undefined }
    : usage(`--${unused} is of a call that is allowed`, { wanted: '--act allow beside it' })
}

async function sign(call: Invocation): Promise<Outcome<Answer>> {
  const envelopes = await envelopesIn(call, 'what capstan emergency invoke printed')
  if (!envelopes.ok) return envelopes
  const statement = invocationToSign(envelopes.value[0], call.world.clock.now())
  if (!statement.ok) return statement
  const as = call.text('as') ?? ''
  if (!statement.value.by.includes(as)) {
    return usage('this is not asked of you', { wanted: statement.value.by.join(', '), found: as })
  }
  const key = await keyOf(call)
  if (!key.ok) return key
  showToSigner(call, (look) => renderInvocationToSign(look, statement.value))
  const own = await signed(key.value, payloadTypes.emergency, statement.value)
  return detached([...envelopes.value.map(({ value }) => value), own])
}

/** Signed by all whom it takes. */
export async function sendInvocation(
  call: Invocation,
  envelopes: unknown,
): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const sent = await api.value.send('/v1/emergencies', { envelopes })
  return sent.ok ? answer(sent.value.value, (look) => renderInvoked(look, sent.value)) : sent
}

async function ratify(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.read('/v1/emergencies')
  if (!found.ok) return found
  const number = Number(call.word(0))
  const isIt = (use: JsonReader): boolean => use.count('seq') === number
  const ofIt =
    found.value.objects('grants').find((grant) => grant.objects('uses').some(isIt)) ??
    formerIn(found.value).find(isIt)
  if (!ofIt) {
    return usage('no grant was used by this record, or it is too late for it', {
      wanted: 'the number of a record',
      found: call.word(0) ?? '',
      next: 'capstan emergency list',
    })
  }
  return sendChange(call, { op: 'emergency.ratify', alias: ofIt.raw('scope'), use: number })
}

const signingOptions: readonly OptionSpec[] = [
  { flags: '--as <name>', description: 'your name in the grant', need: 'required' },
  ...keyOptions,
]

const callFlags = ['--caller', '--port', '--proto', '--route', '--prefix']

const usingOptions: readonly OptionSpec[] = [
  {
    flags: '--act <act>',
    description: 'what it is to do',
    choices: [...emergencyActs],
    need: 'required',
  },
  { flags: '--for <duration>', description: 'how long: 30m, 2h; at most 4h', need: 'required' },
  ...ruleOptions.filter(({ flags }) => callFlags.some((one) => flags.startsWith(`${one} `))),
  ...signingOptions,
  { flags: '--with <names>', description: 'others who sign it too, with commas between them' },
  { flags: '--detached', description: 'print what was signed instead of sending it' },
  ...whyOptions,
]

export const emergencyCommands: readonly CommandSpec[] = [
  {
    path: 'emergency list',
    summary: 'emergency grants: who may use them, and every use with what voters said of it',
    examples: ['capstan emergency list'],
    run: list,
  },
  {
    path: 'emergency invoke',
    arguments: '<grant> <alias>',
    summary: 'allow a call, or reactivate an entry, at once and for a while, by a grant',
    details: [
      'A grant is voted about before it is needed: `emergency` of `capstan group set -f`. It ends by itself. Voters have a day to say that it was right (`capstan emergency ratify`); if they do not, the grant is disabled.',
      'Where it takes several: --with names the others, each of them adds a signature with `capstan emergency sign`, and `capstan submit` hands it in.',
    ],
    options: usingOptions,
    examples: [
      'capstan emergency invoke oncall payments/api --act reactivate --for 2h --as ann --key ann.key --reason INC-7',
      "capstan emergency invoke oncall payments/api --act allow --caller web/shop --port 8080 --route 'GET /pay' --for 1h --as r1 --key r1.key --reason INC-7",
    ],
    run: invoke,
  },
  {
    path: 'emergency drill',
    arguments: '<grant> <alias>',
    summary:
      'the same without any effect: everything is signed and checked, and the drill recorded',
    options: usingOptions,
    examples: [
      'capstan emergency drill oncall payments/api --act reactivate --for 2h --as ann --key ann.key --reason drill',
    ],
    run: drill,
  },
  {
    path: 'emergency sign',
    arguments: '<file>',
    summary: 'add your signature to the use of a grant that takes several',
    options: signingOptions,
    examples: ['capstan emergency sign use.json --as bob --key bob.key > both.json'],
    run: sign,
  },
  {
    path: 'emergency ratify',
    arguments: '<record>',
    summary: 'propose that voters say that the use of a grant was right',
    options: changeOptions,
    examples: ['capstan emergency ratify 41'],
    run: ratify,
  },
]
