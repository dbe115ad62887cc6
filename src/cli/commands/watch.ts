import { minutes, type Seconds, seconds, toIso } from '../../core/time.js'
import { visible } from '../../core/visible.js'
import type { LogName } from '../../monitor/alarm.js'
import { keepWatching, type Place } from '../../monitor/keep-watching.js'
import type { Told } from '../../monitor/raised-alarms.js'
import type { Look as Looked } from '../../monitor/watch.js'
import { type Policy, wantsCosigners } from '../../tlog/policy.js'
import { parseVerifierKey, type VerifierKey } from '../../tlog/verifier-key.js'
import { remoteOptions } from '../any-server.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode, type ExitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import { runOwnCommand } from '../own-command.js'
import { printAnswer } from '../print-answer.js'
import { type Outcome, refused } from '../problem.js'
import { remoteWay } from '../remote-way.js'
import { lookOf } from '../screen/look.js'
import { ProgressLine } from '../screen/progress-line.js'
import type { OpenWatch, WatchOptions } from '../world.js'
import { renderAlarm } from './alarm-screen.js'
import { policyOf, policyOptions } from './policy-options.js'

const FOLDER = '.capstan-watch'
/** How often --exec is run at a look: who forges thousands does not keep anybody from the next look. */
const MOST_RUNS = 100
const USUAL_INTERVAL = seconds(10)
/** Witnesses are asked again every five minutes. */
const USUAL_AGE = minutes(10)

async function watch(call: Invocation): Promise<Outcome<Answer>> {
  const interval = call.duration('interval')
  if (!interval.ok) return interval
  const line = new ProgressLine(call.world.stderr)
  const options = await optionsOf(call, line)
  if (!options.ok) return options
  const opened = await call.world.openWatch(options.value)
  if (!opened.ok) return refused(opened.refusal)
  await using open = opened.value
  const { maxAge, policy } = options.value.rules
  const unwitnessed = unwitnessedLine(policy, open)
  if (unwitnessed !== undefined) call.world.stderr.write(`${unwitnessed}\n`)
  if (call.has('once')) return await lookOnce(call, open, line)
  return await follow(call, open, {
    interval: interval.value ?? USUAL_INTERVAL,
    silence: maxAge,
    line,
  })
}

/** A policy from before the issuance log had witnesses lists the index log alone. */
function unwitnessedLine(policy: Policy, { keys }: OpenWatch): string | undefined {
  const key = parseVerifierKey(keys.issuance)
  const isWanted = !key.ok || wantsCosigners(policy, key.value.name)
  if (policy.quorum === undefined || isWanted) return undefined
  return `the policy does not list the issuance log, and no witness is wanted of it; wanted: log ${keys.issuance}`
}

async function optionsOf(call: Invocation, line: ProgressLine): Promise<Outcome<WatchOptions>> {
  const policy = await policyOf(call)
  if (!policy.ok) return policy
  const age = call.duration('age')
  if (!age.ok) return age
  const keys: Partial<Record<LogName, VerifierKey>> = {}
  for (const [log, text] of [
    ['index', call.text('key')],
    ['issuance', call.text('issuanceKey')],
  ] as const) {
    const key = text === undefined ? undefined : parseVerifierKey(text)
    if (key?.ok === false) return refused(key.refusal)
    if (key) keys[log] = key.value
  }
  const way = await wayOf(call)
  if (!way.ok) return way
  return {
    ok: true,
    value: {
      folder: call.path(call.text('state') ?? FOLDER),
      way: way.value,
      keys,
      rules: { policy: policy.value, maxAge: age.value ?? USUAL_AGE },
      progress: (progress) => line.show(progress),
    },
  }
}

/** Over HTTPS as an entry with the reader capability; without --server the local one. */
async function wayOf(call: Invocation): Promise<Outcome<WatchOptions['way']>> {
  const remote = await remoteWay(call)
  if (!remote.ok) return remote
  if (remote.value) return { ok: true, value: { kind: 'remote', ...remote.value } }
  const config = await call.config()
  return config.ok ? { ok: true, value: { kind: 'local', config: config.value } } : config
}

async function lookOnce(
  call: Invocation,
  { watch: monitor, keys, known }: OpenWatch,
  line: ProgressLine,
): Promise<Outcome<Answer>> {
  const look = await monitor.look().finally(() => line.end())
  const of = look.alarms.length
  const tell = commandTeller(call)
  let isHeard = true
  for (const [after, alarm] of look.alarms.entries()) {
    if (!(await tell({ state: 'raised', alarm }, { after, of }))) isHeard = false
  }
  const exit = printAnswer(call.world, call.has('json'), answerOf(look, { keys, known }))
  // What nobody heard is found again.
  if (isHeard) await look.remember()
  return printed(exit)
}

function answerOf(look: Looked, { keys, known }: Pick<OpenWatch, 'keys' | 'known'>): Answer {
  const { alarms, seenAt, issuanceSize, unheard, remember: _told, ...found } = look
  const notRead = unheard instanceof Error ? unheard.message : undefined
  const json = {
    ok: alarms.length === 0,
    keys,
    known,
    ...found,
    issuanceSize: issuanceSize ?? null,
    seenAt: seenAt === undefined ? null : toIso(seenAt),
    alarms,
    ...(notRead !== undefined && { unheard: notRead }),
  }
  return {
    json,
    screen: (screen) =>
      [
        ...alarms.map((alarm) => renderAlarm(screen, new JsonReader(alarm))),
        ...(alarms.length === 0 ? [screen.paint('green', 'nothing is wrong')] : []),
        ...(notRead === undefined ? [] : [`not all was read: ${notRead}`]),
        ...summaryOf(look),
        ...(known === 'first' ? firstSeen(keys) : []),
      ].join('\n'),
    exit: alarms.length === 0 ? exitCode.ok : exitCode.alarmed,
  }
}

/** Said before. */
const printed = (exit: ExitCode): Outcome<Answer> => answer(undefined, () => '', exit)

const summaryOf = ({ indexSize, issuanceSize, checked, gone }: Looked): readonly string[] => [
  `index log: ${indexSize} records, folded and compared with what was signed`,
  issuanceSize === undefined
    ? 'issuance log: no checkpoint'
    : `issuance log: ${issuanceSize} certificates, ${checked} of them new and checked${gone > 0 ? `, ${gone} gone` : ''}`,
]

const firstSeen = (keys: OpenWatch['keys']): readonly string[] => [
  'the keys of the logs were believed at first sight; compare them with capstan status:',
  `  ${keys.index}`,
  `  ${keys.issuance}`,
]

interface Following {
  readonly interval: Seconds
  readonly silence: Seconds
  readonly line: ProgressLine
}

async function follow(
  call: Invocation,
  { watch: monitor, keys, known }: OpenWatch,
  { interval, silence, line }: Following,
): Promise<Outcome<Answer>> {
  const { clock, signal } = call.world
  say(call, { event: 'watching', keys, known }, () => `watching ${keys.index}, ${keys.issuance}`)
  let before = ''
  const tell = commandTeller(call)
  const count = await keepWatching({
    ...{ watch: monitor, clock, interval, silence, signal },
    told: async (told, at, place) => {
      line.end()
      say(call, { event: 'alarm', at: toIso(at), state: told.state, ...told.alarm }, () =>
        wordsOf(call, told),
      )
      return tell(told, place)
    },
    looked: ({ indexSize, issuanceSize = 0, checked, gone }) => {
      line.end()
      const now = `${indexSize} ${issuanceSize}`
      if (now === before) return
      before = now
      say(
        call,
        { event: 'looked', indexSize, issuanceSize, checked, gone },
        () => `${indexSize} records, ${issuanceSize} certificates, ${checked} of them new`,
      )
    },
    unheard: ({ message }) => {
      line.end()
      say(call, { event: 'unheard', detail: message }, () => `not read: ${message}`)
    },
  })
  const exit = count === 0 ? exitCode.ok : exitCode.alarmed
  if (call.has('json')) say(call, { event: 'stopped', alarms: count }, () => '')
  return printed(exit)
}

/** One line per event: JSON on standard output with --json, words on standard error without. */
function say(call: Invocation, line: Readonly<Record<string, unknown>>, words: () => string): void {
  if (call.has('json')) call.world.stdout.write(`${JSON.stringify(line)}\n`)
  else call.world.stderr.write(`${words()}\n`)
}

function wordsOf(call: Invocation, { state, alarm }: Told): string {
  const { stderr, env, clock } = call.world
  const look = lookOf(stderr, env, clock.now())
  const words = renderAlarm(look, new JsonReader(alarm))
  return state === 'over' ? `${look.paint('green', 'over')}: ${words}` : words
}

/**
 * The operator's own command gets each alarm on its standard input. False where it ended badly, and for
 * the rest of what is told at that look: it is not run again for each of thousands.
 */
function commandTeller(call: Invocation): (told: Told, place: Place) => Promise<boolean> {
  const command = call.text('exec')
  const { env, clock } = call.world
  let isFailing = false
  return async ({ state, alarm }, { after, of }) => {
    if (after === 0) isFailing = false
    if (command === undefined) return true
    if (isFailing || after >= MOST_RUNS) return !isFailing
    const more = after === MOST_RUNS - 1 ? of - MOST_RUNS : 0
    const input = `${JSON.stringify({ state, at: toIso(clock.now()), ...alarm, ...(more > 0 && { more }) })}\n`
    const { ended, detail } = await runOwnCommand(command, env, input)
    isFailing = ended === 'badly'
    if (isFailing) {
      const next = 'it is run again after the next look, for what it was not told of'
      call.world.stderr.write(`--exec ended badly: ${visible(detail)}; ${next}\n`)
    }
    return !isFailing
  }
}

export const watchCommand: CommandSpec = {
  path: 'watch',
  summary: 'a monitor: follow both logs of a Capstan, and alarm on what should not be',
  details: [
    'Trusts nothing that the server says but its form: verifies every checkpoint, folds the index log itself with every signature and vote, compares the state that comes of it with the one that is signed, and judges each certificate by the index of its moment. docs/monitoring.md says what each alarm means and what to do.',
    'Alarms go to standard error, or with --json to standard output, a line each; --exec gets each of them. With --once it looks once and ends: 10 where there is an alarm.',
    'What it found right last is remembered in --state: a log that shows less, or another history, is found out after a restart too. Never put back an older copy of that folder.',
  ],
  options: [
    ...remoteOptions,
    { flags: '--state <folder>', description: `what is remembered (default: ${FOLDER})` },
    { flags: '--key <vkey>', description: 'the key of the index log (default: as at first sight)' },
    {
      flags: '--issuance-key <vkey>',
      description: 'the key of the issuance log (default: as at first sight)',
    },
    ...policyOptions,
    {
      flags: '--age <duration>',
      description:
        'how long ago the witnesses may have seen the checkpoint, and how long the server may be silent (default: 10m)',
    },
    { flags: '--interval <duration>', description: 'time between two looks (default: 10s)' },
    { flags: '--once', description: 'look once, and end' },
    {
      flags: '--exec <command>',
      description: 'run by /bin/sh -c for each alarm, which it gets as JSON on standard input',
    },
  ],
  examples: [
    'capstan watch --server https://ca.acme.example:8443 --identity ./identity --policy witnesses.txt',
    "capstan watch --server https://ca.acme.example:8443 --identity ./identity --exec './page-somebody'",
    'capstan watch --once --json',
  ],
  run: watch,
}
