import { minutes, type Seconds, seconds, toIso } from '../../core/time.js'
import { keepWatching } from '../../monitor/keep-watching.js'
import type { Look as Looked } from '../../monitor/watch.js'
import { type Policy, wantsCosigners } from '../../tlog/policy.js'
import { parseVerifierKey } from '../../tlog/verifier-key.js'
import { remoteOptions } from '../any-server.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode, type ExitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import { printAnswer } from '../print-answer.js'
import { type Outcome, refused } from '../problem.js'
import { ProgressLine } from '../screen/progress-line.js'
import type { OpenWatch, WatchOptions } from '../world.js'
import { renderAlarm } from './alarm-screen.js'
import { commandTeller, execOption, say, wordsOf } from './alarm-teller.js'
import { logKeysOf } from './log-keys.js'
import { policyOf, policyOptions } from './policy-options.js'
import { readerWayOf } from './reader-way.js'

const FOLDER = '.capstan-watch'
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
  const keys = logKeysOf(call)
  if (!keys.ok) return keys
  const way = await readerWayOf(call)
  if (!way.ok) return way
  return {
    ok: true,
    value: {
      folder: call.path(call.text('state') ?? FOLDER),
      way: way.value,
      keys: keys.value,
      rules: { policy: policy.value, maxAge: age.value ?? USUAL_AGE },
      progress: (progress) => line.show(progress),
    },
  }
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
    execOption,
  ],
  examples: [
    'capstan watch --server https://ca.acme.example:8443 --identity ./identity --policy witnesses.txt',
    "capstan watch --server https://ca.acme.example:8443 --identity ./identity --exec './page-somebody'",
    'capstan watch --once --json',
  ],
  run: watch,
}
