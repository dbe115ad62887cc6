import { join } from 'node:path'
import { parseListenAddress } from '../../config/listen-address.js'
import { parseLogKey, parseLogKeys } from '../../tlog/known-logs.js'
import type { VerifierKey } from '../../tlog/verifier-key.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import type { ServeWitnessOptions, WitnessPlace } from '../world.js'
import { kekOf, kekOptions } from './init.js'

const FOLDER = '.capstan-witness'

/** Where the witness is: its folder, and what its key is sealed under. */
function placeOf(call: Invocation): Outcome<WitnessPlace> {
  const folder = call.path(call.text('data') ?? FOLDER)
  const kek = kekOf(call)
  if (!kek.ok) return kek
  return {
    ok: true,
    value: { folder, kek: kek.value ?? { kind: 'file', path: join(folder, 'kek') } },
  }
}

async function init(call: Invocation): Promise<Outcome<Answer>> {
  const place = placeOf(call)
  if (!place.ok) return place
  const made = await call.world.initWitness({ ...place.value, name: call.text('name') ?? '' })
  if (!made.ok) return refused(made.refusal)
  const { folder, name, key, sealedUnder } = made.value
  return answer(made.value, (look) =>
    renderFields(look, [
      ['witness', name],
      ['data', folder],
      ['sealed under', sealedUnder.where],
      ['key', key],
      ['policy line', `witness ${policyName(name)} ${key} https://HOST/`],
      ['next', 'capstan witness serve --log LOGKEY'],
    ]),
  )
}

/** A name that a tlog-policy can have; `none` is taken. */
const policyName = (name: string): string => (name === 'none' ? 'w-none' : name)

async function serve(call: Invocation): Promise<Outcome<Answer>> {
  const place = placeOf(call)
  if (!place.ok) return place
  const logs = await logsOf(call)
  if (!logs.ok) return logs
  const listen = parseListenAddress(call.text('listen') ?? '127.0.0.1:7380')
  if (!listen) return usage('--listen is no address', { wanted: '127.0.0.1:7380 or [::1]:7380' })
  const tls = tlsOf(call)
  if (!tls.ok) return tls
  const exit = await call.world.serveWitness({
    ...place.value,
    logs: logs.value,
    listen,
    ...(tls.value && { tls: tls.value }),
    time: call.has('acceptEarlierTime') ? 'may-be-earlier' : 'never-earlier',
    format: call.has('pretty') ? 'pretty' : 'json',
  })
  return answer({ stopped: true, exit }, () => '', exit)
}

async function logsOf(call: Invocation): Promise<Outcome<readonly VerifierKey[]>> {
  const keys: VerifierKey[] = []
  for (const text of call.texts('log')) {
    const key = parseLogKey(text)
    if (!key.ok) return refused(key.refusal)
    keys.push(key.value)
  }
  const file = call.text('logs')
  if (file !== undefined) {
    const octets = await call.file(file)
    if (!octets.ok) return octets
    const read = parseLogKeys(octets.value)
    if (!read.ok) return refused(read.refusal)
    keys.push(...read.value)
  }
  if (keys.length > 0) return { ok: true, value: keys }
  return usage('a witness is of some logs', {
    wanted: '--log with the key that capstan status shows as the log key, or --logs with a file',
  })
}

function tlsOf(call: Invocation): Outcome<ServeWitnessOptions['tls']> {
  const [cert, key] = [call.text('tlsCert'), call.text('tlsKey')]
  if (cert === undefined && key === undefined) return { ok: true, value: undefined }
  if (cert === undefined || key === undefined) return usage('--tls-cert and --tls-key go together')
  return { ok: true, value: { cert: call.path(cert), key: call.path(key) } }
}

export const witnessCommands: readonly CommandSpec[] = [
  {
    path: 'witness init',
    summary: 'make a witness: a folder with a sealed key, and the name that it signs under',
    details: [
      `The folder is --data, else ${FOLDER} here. Never run two witnesses with one key: each would remember only what it saw itself.`,
    ],
    options: [
      {
        flags: '--name <name>',
        description: 'what its cosignatures are under, for ever: like a host name',
        need: 'required',
      },
      ...kekOptions,
    ],
    examples: ['capstan witness init --name w1.example'],
    run: init,
  },
  {
    path: 'witness serve',
    summary: 'cosign checkpoints of logs until SIGTERM: C2SP tlog-witness over HTTP',
    details: [
      'POST /add-checkpoint, GET /<SHA-256 of the origin>/checkpoint, GET /health. Logs to standard error.',
      'What it has cosigned is in witness.db, which init makes; without it, or with that of another key, it does not start. Do not put an older copy of that file back: a witness that forgets signs two histories.',
    ],
    options: [
      { flags: '--log <vkey...>', description: 'the key of a log that it cosigns', repeat: 'many' },
      { flags: '--logs <file>', description: 'a file of such keys, one in a line' },
      { flags: '--listen <address>', description: 'where to listen (default: 127.0.0.1:7380)' },
      { flags: '--tls-cert <file>', description: 'certificate chain (PEM); without: plain HTTP' },
      { flags: '--tls-key <file>', description: 'its private key (PEM)' },
      ...kekOptions,
      {
        flags: '--accept-earlier-time',
        description: 'cosign although the clock is before the last cosignature',
      },
      { flags: '--pretty', description: 'log lines for people instead of JSON' },
    ],
    examples: [
      'capstan witness serve --log acme.example/index+5f0a11c2+AW9...',
      'capstan witness serve --logs logs.txt --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem',
    ],
    run: serve,
  },
]
