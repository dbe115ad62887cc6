import { minutes, seconds, toIso } from '../../core/time.js'
import type { LogName } from '../../monitor/alarm.js'
import { keepWatching } from '../../monitor/keep-watching.js'
import type { MirrorLook } from '../../mirror/mirror.js'
import { remoteOptions } from '../any-server.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import { printAnswer } from '../print-answer.js'
import { type Outcome, refused } from '../problem.js'
import { ProgressLine } from '../screen/progress-line.js'
import type { MirrorOptions, OpenMirror } from '../world.js'
import { renderAlarm } from './alarm-screen.js'
import { commandTeller, execOption, say, wordsOf } from './alarm-teller.js'
import { logKeysOf } from './log-keys.js'
import { exportMirrorCommand } from './mirror-export.js'
import { serveMirrorCommand } from './mirror-serve.js'
import { verifyMirrorCommand } from './mirror-verify.js'
import { policyOf, policyOptions } from './policy-options.js'
import { readerWayOf } from './reader-way.js'

const FOLDER = '.capstan-mirror'
const USUAL_INTERVAL = seconds(10)
/** Witnesses are asked again every five minutes. */
const USUAL_AGE = minutes(10)

const logNames: readonly LogName[] = ['index', 'issuance']

async function mirror(call: Invocation): Promise<Outcome<Answer>> {
  const interval = call.duration('interval')
  if (!interval.ok) return interval
  const line = new ProgressLine(call.world.stderr)
  const options = await optionsOf(call, line)
  if (!options.ok) return options
  const opened = await call.world.openMirror(options.value)
  if (!opened.ok) return refused(opened.refusal)
  await using open = opened.value
  if (call.has('once')) return await lookOnce(call, open, line)
  const { maxAge } = options.value.rules
  return await follow(call, open, line, {
    interval: interval.value ?? USUAL_INTERVAL,
    silence: maxAge,
  })
}

async function optionsOf(call: Invocation, line: ProgressLine): Promise<Outcome<MirrorOptions>> {
  const policy = await policyOf(call)
  if (!policy.ok) return policy
  const age = call.duration('age')
  if (!age.ok) return age
  const keys = logKeysOf(call)
  if (!keys.ok) return keys
  const way = await readerWayOf(call)
  if (!way.ok) return way
  const log = call.text('log')
  const { stderr } = call.world
  return {
    ok: true,
    value: {
      folder: call.path(call.text('to') ?? FOLDER),
      way: way.value,
      logs: logNames.filter((name) => log === undefined || name === log),
      keys: keys.value,
      rules: { policy: policy.value, maxAge: age.value ?? USUAL_AGE },
      from: call.has('repair') ? 'anew' : 'where-it-is',
      progress: (progress) => {
        // Every few seconds; a first copy may take long.
        if (stderr.isTTY) line.show(progress)
        else if (!call.has('json')) stderr.write(`${progress.work}: ${progress.done}\n`)
      },
    },
  }
}

async function lookOnce(
  call: Invocation,
  open: OpenMirror,
  line: ProgressLine,
): Promise<Outcome<Answer>> {
  const look = await open.mirror.look().finally(() => line.end())
  const tell = commandTeller(call)
  const of = look.alarms.length
  for (const [after, alarm] of look.alarms.entries()) {
    await tell({ state: 'raised', alarm }, { after, of })
  }
  const exit = printAnswer(call.world, call.has('json'), answerOf(look, open))
  return answer(undefined, () => '', exit)
}

function answerOf(look: MirrorLook, { keys, known }: OpenMirror): Answer {
  const { alarms, logs, unheard } = look
  const notRead = unheard instanceof Error ? unheard.message : undefined
  const json = {
    ...{ ok: alarms.length === 0, keys, known, ...sizesOf(look), alarms },
    ...(notRead !== undefined && { unheard: notRead }),
  }
  return {
    json,
    screen: (screen) =>
      [
        ...alarms.map((alarm) => renderAlarm(screen, new JsonReader(alarm))),
        ...(notRead === undefined ? [] : [`not all was read: ${notRead}`]),
        ...logNames.flatMap((log) => {
          const { size, copied = 0 } = logs[log] ?? {}
          return size === undefined ? [] : [`${log} log: ${size} records, ${copied} of them new`]
        }),
        ...(known === 'first' ? firstSeen(keys) : []),
      ].join('\n'),
    exit: alarms.length === 0 ? exitCode.ok : exitCode.alarmed,
  }
}

function sizesOf({ logs }: MirrorLook): Readonly<Record<string, unknown>> {
  const rows = Object.entries(logs).map(([log, { size, copied }]) => [
    log,
    { size: size ?? null, copied },
  ])
  return Object.fromEntries(rows) as Readonly<Record<string, unknown>>
}

const firstSeen = (keys: OpenMirror['keys']): readonly string[] => [
  'the keys of the logs were believed at first sight; compare them with capstan status:',
  ...Object.values(keys).map((key) => `  ${key}`),
]

async function follow(
  call: Invocation,
  { mirror: mirrored, keys, known }: OpenMirror,
  line: ProgressLine,
  times: {
    readonly interval: MirrorOptions['rules']['maxAge']
    readonly silence: MirrorOptions['rules']['maxAge']
  },
): Promise<Outcome<Answer>> {
  const { clock, signal } = call.world
  const shown = Object.values(keys).join(', ')
  say(call, { event: 'mirroring', keys, known }, () => `mirroring ${shown}`)
  const tell = commandTeller(call)
  let before = ''
  const count = await keepWatching<MirrorLook>({
    ...{ watch: mirrored, clock, signal, ...times },
    told: async (told, at, place) => {
      line.end()
      say(call, { event: 'alarm', at: toIso(at), state: told.state, ...told.alarm }, () =>
        wordsOf(call, told),
      )
      return tell(told, place)
    },
    looked: (look) => {
      line.end()
      const { index, issuance } = look.logs
      const now = `${index?.size ?? 0} records, ${issuance?.size ?? 0} certificates`
      if (now === before) return
      before = now
      say(call, { event: 'mirrored', ...sizesOf(look) }, () => now)
    },
    unheard: ({ message }) => {
      line.end()
      say(call, { event: 'unheard', detail: message }, () => `not read: ${message}`)
    },
  })
  if (call.has('json')) say(call, { event: 'stopped', alarms: count }, () => '')
  return answer(undefined, () => '', count === 0 ? exitCode.ok : exitCode.alarmed)
}

export const mirrorCommands: readonly CommandSpec[] = [
  {
    path: 'mirror',
    summary: 'keep a copy of both logs of a Capstan, verified, in a folder',
    details: [
      'Every look reads what is new, and takes it only where it is what the log and the policy signed, and goes on from what the folder has; the index log is folded too. A fork, a rollback and records that do not come to the root are alarms, as those of capstan watch, and nothing is overwritten.',
      'The folder is in the layout of C2SP tlog-tiles: FOLDER/index and FOLDER/issuance have checkpoint, tile/<L>/<N> and tile/entries/<N>. docs/mirrors.md says what else, and what it proves.',
      'With --once it looks once and ends: 10 where there is an alarm.',
    ],
    options: [
      ...remoteOptions,
      { flags: '--to <folder>', description: `where the copy is (default: ${FOLDER})` },
      {
        flags: '--log <log>',
        description: 'one of the logs alone (default: both)',
        choices: logNames,
      },
      {
        flags: '--key <vkey>',
        description: 'the key of the index log (default: as at first sight)',
      },
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
        flags: '--repair',
        description: 'go over all that is there once, and copy again what is gone or damaged',
      },
      execOption,
    ],
    examples: [
      'capstan mirror --server https://ca.acme.example:8443 --identity ./identity --to /srv/mirror --policy witnesses.txt',
      'capstan mirror --once --json --log index',
    ],
    run: mirror,
  },
  verifyMirrorCommand,
  exportMirrorCommand,
  serveMirrorCommand,
]
