import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import { enrol, type EnrolDeps, type Evidence, renew } from '../enrol/enrol.js'
import { diskOperations } from '../enrol/folder-operations.js'
import { runHook } from '../enrol/hook.js'
import { IdentityFolder, type IdentityMeta } from '../enrol/identity-folder.js'
import { keepRenewed, type RenewalEvent } from '../enrol/renewal-loop.js'
import { parseBundle, parseFingerprint, type Pin } from '../enrol/trust-anchors.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, usage } from '../problem.js'
import { parseServer } from '../server-url.js'
import { renderFields } from '../screen/fields.js'
import { type Look, lookOf } from '../screen/look.js'
import { parseInstant, renderTime } from '../screen/times.js'

async function get(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const folder = folderOf(call)
  if (call.has('renew')) {
    const stored = await folder.read()
    if (!stored.ok) return stored
    const meta = stored.value?.meta
    // A restart: the token is long spent, and the certificate is its own evidence.
    if (meta?.alias === alias.value && isLive(meta, call)) return watch(call, folder)
  }
  const server = parseServer(call.text('server'))
  if (!server.ok) return server
  if (server.value === undefined)
    return usage('where is Capstan?', { wanted: '--server https://HOST:8443' })
  const pin = await pinOf(call)
  if (!pin.ok) return pin
  const evidence = await evidenceOf(call)
  if (!evidence.ok) return evidence
  const ttl = call.duration('ttl')
  if (!ttl.ok) return ttl
  const enrolled = await enrol(depsOf(call, folder), {
    alias: alias.value,
    server: server.value,
    pin: pin.value,
    evidence: evidence.value,
    ...(ttl.value === undefined ? {} : { ttlSeconds: ttl.value }),
  })
  if (!enrolled.ok) return enrolled
  if (!call.has('renew')) return finished(call, folder, enrolled.value)
  await say(call, { event: 'enrolled', ...enrolled.value })
  await tellHook(call, folder, enrolled.value)
  return watch(call, folder)
}

async function renewOnce(call: Invocation): Promise<Outcome<Answer>> {
  const folder = folderOf(call)
  const server = parseServer(call.text('server'))
  if (!server.ok) return server
  const renewed = await renew(depsOf(call, folder), server.value)
  return renewed.ok ? finished(call, folder, renewed.value.after) : renewed
}

async function finished(
  call: Invocation,
  folder: IdentityFolder,
  meta: IdentityMeta,
): Promise<Outcome<Answer>> {
  const command = call.text('hook')
  const hook = command && (await runHook(command, folder.path, meta, call.world.env))
  const json = { ...meta, folder: folder.path, ...(hook ? { hook } : {}) }
  return answer(
    json,
    (look) => {
      const screen = renderIdentity(look, folder, meta)
      return hook ? `${screen}\n${renderFields(look, [['hook', hook.detail]])}` : screen
    },
    hook && hook.ended === 'badly' ? 1 : 0,
  )
}

/** Renews until the signal; says what happens as it happens. */
async function watch(call: Invocation, folder: IdentityFolder): Promise<Outcome<Answer>> {
  const server = parseServer(call.text('server'))
  if (!server.ok) return server
  const { clock, random, signal } = call.world
  const ended = await keepRenewed({
    folder,
    clock,
    random,
    signal,
    report: async (event) => {
      await say(call, flat(event))
      if (event.event === 'renewed') await tellHook(call, folder, event.meta)
    },
    ...(server.value === undefined ? {} : { server: server.value }),
  })
  return ended.ok ? answer({ event: 'stopped' }, () => 'stopped') : ended
}

async function tellHook(
  call: Invocation,
  folder: IdentityFolder,
  meta: IdentityMeta,
): Promise<void> {
  const command = call.text('hook')
  if (command === undefined) return
  const report = await runHook(command, folder.path, meta, call.world.env)
  await say(call, { event: 'hook', ...report })
}

type Line = Readonly<Record<string, unknown>> & { readonly event: string }

function flat(event: RenewalEvent): Line {
  switch (event.event) {
    case 'waiting':
      return event
    case 'renewed':
      return { event: 'renewed', ...event.meta, previousAlias: event.previousAlias }
    case 'failed': {
      const { code, detail } = event.problem
      return { event: 'failed', code, detail, retryAt: event.retryAt }
    }
  }
}

/** One line per event: JSON on standard output with --json, words on standard error without. */
function say(call: Invocation, line: Line): Promise<void> {
  const { stdout, stderr, clock, env } = call.world
  if (call.has('json')) {
    stdout.write(`${JSON.stringify(line)}\n`)
    return Promise.resolve()
  }
  const look = lookOf(stderr, env, clock.now())
  const text = (key: string): string => String(line[key])
  const words: Readonly<Record<string, () => string>> = {
    enrolled: () =>
      `enrolled ${text('alias')}, valid until ${renderTime(text('notAfter'), look.now)}`,
    waiting: () => `next renewal of ${text('alias')}: ${renderTime(text('until'), look.now)}`,
    renewed: () =>
      `renewed ${text('alias')}, valid until ${renderTime(text('notAfter'), look.now)}`,
    failed: () =>
      `not renewed: ${text('code')}: ${text('detail')}; again ${renderTime(text('retryAt'), look.now)}`,
    hook: () => `hook ended ${text('ended')}: ${text('detail')}`,
  }
  stderr.write(`${words[line.event]?.() ?? line.event}\n`)
  return Promise.resolve()
}

function renderIdentity(look: Look, folder: IdentityFolder, meta: IdentityMeta): string {
  return renderFields(look, [
    ['entry', meta.alias],
    ['names', meta.names],
    ['serial', meta.serial],
    ['valid until', renderTime(meta.notAfter, look.now)],
    ['files', ['key.pem', 'cert.pem', 'bundle.pem'].map((name) => `${folder.path}/${name}`)],
  ])
}

function folderOf(call: Invocation): IdentityFolder {
  return new IdentityFolder(call.path(call.text('out') ?? '.'), diskOperations)
}

function depsOf(call: Invocation, folder: IdentityFolder): EnrolDeps {
  const { clock, random, signal } = call.world
  return { folder, now: clock.now(), random, signal }
}

function isLive(meta: IdentityMeta, call: Invocation): boolean {
  const notAfter = parseInstant(meta.notAfter)
  return notAfter !== undefined && notAfter > call.world.clock.now()
}

async function pinOf(call: Invocation): Promise<Outcome<Pin>> {
  const [file, fingerprint] = [call.text('caBundle'), call.text('caFingerprint')]
  if ((file === undefined) === (fingerprint === undefined)) {
    return usage('how is Capstan to be recognised?', {
      wanted: 'either --ca-bundle FILE or --ca-fingerprint sha256:...',
      next: 'capstan bundle --out bundle.pem, or capstan token create, gives them to an operator',
    })
  }
  if (fingerprint !== undefined) return parseFingerprint(fingerprint)
  const name = file ?? ''
  const octets = await call.file(name)
  if (!octets.ok) return octets
  const bundle = parseBundle(octets.value.toString('utf8'), name)
  return bundle.ok ? { ok: true, value: { kind: 'bundle', anchorsPem: bundle.value } } : bundle
}

async function evidenceOf(call: Invocation): Promise<Outcome<Evidence>> {
  const cluster = call.text('cluster')
  const kubernetes = call.text('kubernetesTokenFile')
  if (kubernetes !== undefined) {
    const token = await call.file(kubernetes)
    if (!token.ok) return token
    const about = cluster === undefined ? {} : { cluster }
    return {
      ok: true,
      value: { kind: 'kubernetes', token: token.value.toString('utf8').trim(), ...about },
    }
  }
  const file = call.text('tokenFile')
  const read = file === undefined ? undefined : await call.file(file)
  if (read?.ok === false) return read
  const token =
    read?.value.toString('utf8').trim() ?? call.text('token') ?? call.world.env['CAPSTAN_TOKEN']
  if (token !== undefined && token !== '') return { ok: true, value: { kind: 'join-token', token } }
  return usage('what is the evidence?', {
    wanted: '--token-file, CAPSTAN_TOKEN or --token for a join token, or --kubernetes-token-file',
    next: 'an operator makes a join token: capstan token create ALIAS',
  })
}

const hookOption: OptionSpec = {
  flags: '--hook <command>',
  description:
    'run by /bin/sh -c after a change, with CAPSTAN_CERT_DIR, CAPSTAN_ALIAS, CAPSTAN_SERIAL and CAPSTAN_NOT_AFTER',
}

export const certGetCommands: readonly CommandSpec[] = [
  {
    path: 'cert get',
    arguments: '<alias>',
    summary: 'get a certificate for this machine: new key, CSR, evidence, files',
    details: [
      'Writes key.pem (mode 0600), cert.pem (leaf first), bundle.pem and meta.json into --out. They are links into current/, which is replaced in one step: a program that opens current/ once never sees a key without its certificate. A folder that holds the identity of another entry is left alone.',
      'The server is known by --ca-bundle or --ca-fingerprint; evidence is sent only after it has proved to be that server.',
      'With --renew it stays and renews at 2/3 of the lifetime, with a new key each time, through outages, until SIGTERM. Started again, it goes on with the certificate that is there.',
    ],
    options: [
      { flags: '--server <url>', description: 'https://HOST:PORT of the Capstan HTTP API' },
      {
        flags: '--token <token>',
        description: 'a join token (seen by other users of this machine; better: CAPSTAN_TOKEN)',
      },
      {
        flags: '--token-file <file>',
        description: 'a file with the join token (- for standard input)',
      },
      { flags: '--kubernetes-token-file <file>', description: 'a service account token instead' },
      { flags: '--cluster <alias>', description: 'which cluster that token is of' },
      { flags: '--ca-bundle <file>', description: 'trust anchors to know the server by, in PEM' },
      {
        flags: '--ca-fingerprint <sha256:hex>',
        description: 'SHA-256 of the trust anchor to know the server by',
      },
      { flags: '--out <folder>', description: 'where the files go', need: 'required' },
      { flags: '--ttl <duration>', description: 'a shorter lifetime than the entry allows' },
      { flags: '--renew', description: 'stay, and keep it fresh' },
      hookOption,
    ],
    examples: [
      'CAPSTAN_TOKEN=jt1.abc.def capstan cert get payments/db --server https://ca.acme.example:8443 --ca-fingerprint sha256:2f1c... --out /etc/payments/identity',
      "capstan cert get payments/db --server https://ca.acme.example:8443 --ca-bundle bundle.pem --token-file token --out ./identity --renew --hook 'systemctl reload nginx'",
    ],
    run: get,
  },
  {
    path: 'cert renew',
    summary: 'renew the certificate in a folder once, by itself',
    details: ['Over mutual TLS with the current certificate; the new one has a new key.'],
    options: [
      { flags: '--out <folder>', description: 'the folder of capstan cert get', need: 'required' },
      { flags: '--server <url>', description: 'https://HOST:PORT (default: where it came from)' },
      hookOption,
    ],
    examples: ['capstan cert renew --out /etc/payments/identity'],
    run: renewOnce,
  },
]
