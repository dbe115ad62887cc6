import type { VerifiedFolder } from '../../mirror/verify-folder.js'
import { toBase64 } from '../../tlog/note-text.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import { JsonReader } from '../json-reader.js'
import { type Outcome, refused } from '../problem.js'
import { ProgressLine } from '../screen/progress-line.js'
import type { VerifiedMirror } from '../world.js'
import { renderAlarm } from './alarm-screen.js'
import { logKeysOf } from './log-keys.js'
import { policyOf, policyOptions } from './policy-options.js'
import { witnessesOf } from './witnesses.js'

/** Runs of records of which only the hash is there; the rest is counted. */
const MOST_RANGES = 1000

async function verify(call: Invocation): Promise<Outcome<Answer>> {
  const keys = logKeysOf(call)
  if (!keys.ok) return keys
  const policy = await policyOf(call)
  if (!policy.ok) return policy
  const line = new ProgressLine(call.world.stderr)
  const found = await call.world
    .verifyMirror({
      folder: call.path(call.word(0) ?? ''),
      ...{ keys: keys.value, policy: policy.value },
      progress: (progress) => line.show(progress),
    })
    .finally(() => line.end())
  return found.ok ? answerOf(found.value) : refused(found.refusal)
}

function answerOf({ logs, known }: VerifiedMirror): Outcome<Answer> {
  const { index, issuance } = logs
  const alarms = [index, issuance].flatMap((log) => log?.alarms ?? [])
  const json = {
    ...{ ok: alarms.length === 0, known },
    ...(index && { index: jsonOf(index) }),
    ...(issuance && { issuance: jsonOf(issuance) }),
    alarms,
  }
  return answer(
    json,
    (look) =>
      [
        ...alarms.map((alarm) => renderAlarm(look, new JsonReader(alarm))),
        ...(alarms.length === 0 ? [look.paint('green', 'the mirror is what was signed')] : []),
        ...(index ? linesOf('index', index) : []),
        ...(issuance ? linesOf('issuance', issuance) : []),
        ...(known === 'remembered'
          ? ['by a key that is in the folder itself; --key and --issuance-key say which it must be']
          : []),
      ].join('\n'),
    alarms.length === 0 ? exitCode.ok : exitCode.alarmed,
  )
}

function jsonOf({ key, head, records, hashesOnly }: VerifiedFolder & { readonly key: string }) {
  return {
    key,
    size: head?.size ?? null,
    root: head ? toBase64(head.root) : null,
    witnesses: head ? witnessesOf(head) : [],
    records,
    hashesOnly: hashesOnly.slice(0, MOST_RANGES),
    hashesOnlyRanges: hashesOnly.length,
  }
}

function linesOf(log: string, { head, records, hashesOnly }: VerifiedFolder): readonly string[] {
  if (!head) return [`${log} log: its checkpoint does not hold`]
  const [first] = hashesOnly
  const more = hashesOnly.length > 1 ? ` and ${hashesOnly.length - 1} more such ranges` : ''
  return [
    `${log} log: ${head.size} records, root ${toBase64(head.root)}`,
    ...(first
      ? [`  ${records} of them are here; only hashes of ${first.from} to ${first.to}${more}`]
      : []),
  ]
}

export const verifyMirrorCommand: CommandSpec = {
  path: 'mirror verify',
  arguments: '<folder>',
  summary: 'verify all that a mirror has, with nothing but its folder',
  details: [
    'Hashes every record and every tile up to the root that is signed, and folds the index log with every signature and vote to the state that is signed. Says which records of the issuance log the folder has only the hashes of. 10 where anything is wrong.',
  ],
  options: [
    {
      flags: '--key <vkey>',
      description: 'the key of the index log (default: that which the folder was begun with)',
    },
    {
      flags: '--issuance-key <vkey>',
      description: 'the key of the issuance log (default: that which the folder was begun with)',
    },
    ...policyOptions,
  ],
  examples: ['capstan mirror verify /srv/mirror --key acme.example/index+5f0a11c2+AW9...'],
  run: verify,
}
