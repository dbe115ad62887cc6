// The main job, narrated, in under a minute, with nothing but this package: a fresh CA, two
// workloads enrolled by different evidence, mutual TLS between them, a third that the namespace
// does not grant, a renewal, three voters who take the index over and decide about a rule, and the
// log entry of each step; a call that two files decide about, and a log that somebody has edited.
// Exits 1 when any of it is not so.
import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'

const capstan = join(import.meta.dirname, '../dist/main.js')
const home = mkdtempSync(join(tmpdir(), 'capstan-demo-'))
const data = join(home, 'data')
const paint = process.stdout.isTTY && !process.env.NO_COLOR
const bold = (text) => (paint ? `\u001b[1m${text}\u001b[0m` : text)
const green = (text) => (paint ? `\u001b[32m${text}\u001b[0m` : text)
const dim = (text) => (paint ? `\u001b[2m${text}\u001b[0m` : text)
let step = 0
let server

const say = (text) => console.log(`\n${bold(`${String((step += 1))}. ${text}`)}`)
const seen = (text) => console.log(`   ${green('ok')} ${text}`)

function expect(what, condition) {
  if (!condition) throw new Error(`expected: ${what}`)
  seen(what)
}

const environment = {
  ...process.env,
  CAPSTAN_DATA_DIR: data,
  CAPSTAN_VOTER_PASSPHRASE: 'only for the demo',
  NO_COLOR: '1',
}

/** What `capstan` ends with when a change waits for votes. */
const WAITS = 8

/** Runs `capstan`, shows the command and what it printed, and returns its output. */
function run(args, { refused = false, waits = false, quiet = false, away = false } = {}) {
  const shown = args.map((arg) => (arg.length > 60 ? `${arg.slice(0, 24)}...` : arg)).join(' ')
  if (!quiet) console.log(dim(`   $ capstan ${shown}`))
  const done = spawnSync(process.execPath, [capstan, ...args], {
    encoding: 'utf8',
    input: '',
    // Away from the CA there is neither its data folder nor a way to it.
    env: away ? { ...environment, CAPSTAN_DATA_DIR: join(home, 'nowhere') } : environment,
  })
  const text = `${done.stdout}${done.stderr}`
  if (!quiet) for (const line of text.trimEnd().split('\n')) console.log(`     ${line}`)
  const wanted = waits ? done.status === WAITS : refused ? done.status !== 0 : done.status === 0
  if (!wanted) throw new Error(`capstan ${shown}: exit ${String(done.status)}\n${text}`)
  return done.stdout
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/** A service account token as a kubelet projects it, signed by the demo cluster's own key. */
function serviceAccountToken(key, namespace, serviceAccount) {
  const now = Math.floor(Date.now() / 1000)
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    aud: ['capstan.demo'],
    exp: now + 600,
    iat: now,
    nbf: now,
    iss: 'https://kubernetes.demo',
    jti: crypto.randomUUID(),
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    'kubernetes.io': {
      namespace,
      pod: { name: `${serviceAccount}-0`, uid: crypto.randomUUID() },
      serviceaccount: { name: serviceAccount, uid: crypto.randomUUID() },
    },
  }
  const body = `${encode({ alg: 'RS256', kid: 'demo' })}.${encode(claims)}`
  return `${body}.${sign('sha256', Buffer.from(body), key).toString('base64url')}`
}

/** Two workloads talk; each says who it saw. */
async function mutualTls(serverDir, clientDir, trustBundle) {
  const identity = (dir) => ({
    key: readFileSync(join(dir, 'key.pem')),
    cert: readFileSync(join(dir, 'cert.pem')),
    ca: readFileSync(trustBundle),
    minVersion: 'TLSv1.3',
  })
  const spiffe = (socket) => /URI:(\S+?)(,|$)/.exec(socket.getPeerCertificate().subjectaltname)?.[1]
  const listener = tls.createServer({
    ...identity(serverDir),
    requestCert: true,
    rejectUnauthorized: true,
  })
  listener.on('secureConnection', (socket) => socket.end(`hello ${String(spiffe(socket))}`))
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve))
  try {
    return await new Promise((resolve, reject) => {
      const socket = tls.connect({
        port: listener.address().port,
        host: '127.0.0.1',
        ...identity(clientDir),
        // The name is the SPIFFE ID, which the caller compares below, not a host name.
        checkServerIdentity: () => undefined,
      })
      let greeting = ''
      let server
      socket.on('secureConnect', () => {
        server = spiffe(socket)
      })
      socket.on('data', (chunk) => (greeting += chunk))
      socket.on('end', () => resolve({ server, client: greeting.replace('hello ', '') }))
      socket.on('error', reject)
    })
  } finally {
    listener.close()
  }
}

async function serve() {
  const [linkerd, http, admin] = [await freePort(), await freePort(), await freePort()]
  const config = join(home, 'capstan.yaml')
  writeFileSync(
    config,
    `dataDir: ${data}
server:
  linkerd: { listen: "127.0.0.1:${linkerd}", loopback: off }
  http: { listen: "127.0.0.1:${http}", names: [localhost, 127.0.0.1] }
  admin: { listen: "127.0.0.1:${admin}" }
`,
  )
  server = spawn(process.execPath, [capstan, 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  server.stderr.on('data', (chunk) => (complaints += chunk))
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const ready = await fetch(`http://127.0.0.1:${admin}/ready`).catch(() => undefined)
    if (ready?.ok) return `https://127.0.0.1:${http}`
    if (server.exitCode !== null) throw new Error(`capstan serve stopped: ${complaints}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`capstan serve is not ready: ${complaints}`)
}

/** The data folder is nobody's then, and stays as it is. */
async function stopped() {
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await ended
}

/** Writes something else into every signed statement of the log that holds `from`. Answers how many. */
function edit(from, to) {
  const store = new (createRequire(import.meta.url)('better-sqlite3'))(join(data, 'capstan.db'))
  const update = store.prepare('UPDATE index_log SET envelopes = ? WHERE seq = ?')
  const octets = (base64) => Buffer.from(base64, 'base64')
  let edited = 0
  const envelopeOf = (base64) => {
    const { payload, ...rest } = JSON.parse(octets(base64))
    const text = octets(payload).toString()
    if (!text.includes(from)) return base64
    edited += 1
    const other = { payload: Buffer.from(text.replace(from, to)).toString('base64'), ...rest }
    return Buffer.from(JSON.stringify(other)).toString('base64')
  }
  for (const { seq, envelopes } of store.prepare('SELECT seq, envelopes FROM index_log').all()) {
    update.run(JSON.stringify(JSON.parse(envelopes).map(envelopeOf)), seq)
  }
  store.close()
  return edited
}

const keyOf = (name) => join(home, `${name}.key`)

/** Whose proposal it is. */
const by = (name) => ['--as', name, '--key', keyOf(name)]

/** What waits longest. */
function waiting() {
  const { proposals } = JSON.parse(run(['inbox', '--json'], { quiet: true }))
  return proposals[0].id
}

/** Votes about it; whether that is enough, the next command shows. */
function vote(name, decision) {
  const args = ['vote', waiting(), decision, ...by(name)]
  const done = spawnSync(process.execPath, [capstan, ...args], {
    encoding: 'utf8',
    env: environment,
  })
  console.log(dim(`   $ capstan vote ${args[1].slice(0, 12)}... ${decision} --as ${name}`))
  for (const line of done.stdout.trimEnd().split('\n')) console.log(`     ${line}`)
  if (done.status !== 0 && done.status !== WAITS) throw new Error(done.stderr)
}

async function demo() {
  say('A fresh CA: trust anchor, issuer, and a namespace with one local voter')
  run(['init', '--trust-domain', 'demo.example'])
  const url = await serve()
  const bundle = join(home, 'bundle.pem')
  run(['bundle', '--out', bundle], { quiet: true })
  expect(`it serves on ${url}`, true)

  say('The namespace says who may exist, by which evidence')
  const clusterKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = join(home, 'jwks.json')
  const jwk = {
    ...clusterKey.publicKey.export({ format: 'jwk' }),
    kid: 'demo',
    alg: 'RS256',
    use: 'sig',
  }
  writeFileSync(jwks, JSON.stringify({ keys: [jwk] }))
  const document = join(home, 'namespace.yaml')
  writeFileSync(
    document,
    `apiVersion: capstan/v1
scopes:
  - alias: shop
clusters:
  - alias: demo
    identityTrustDomain: cluster.local
    controlPlaneNamespace: linkerd
    issuer: https://kubernetes.demo
    audience: capstan.demo
    validation: offline
    jwks: { file: ${jwks} }
entries:
  - alias: shop/web
    owner: { controller: team-shop }
    bindings:
      - { kind: k8s, cluster: demo, namespace: shop, serviceAccount: web }
  - alias: shop/billing
    owner: { controller: team-billing }
`,
  )
  run(['apply', '-f', document])
  run(['scope', 'tree'])

  say('shop/web enrols with a Kubernetes service account token')
  const webDir = join(home, 'web')
  const webToken = join(home, 'web.token')
  writeFileSync(webToken, serviceAccountToken(clusterKey.privateKey, 'shop', 'web'), {
    mode: 0o600,
  })
  run([
    'cert',
    'get',
    'shop/web',
    '--server',
    url,
    '--kubernetes-token-file',
    webToken,
    '--ca-bundle',
    bundle,
    '--out',
    webDir,
  ])

  say('shop/billing enrols with a join token')
  const billingDir = join(home, 'billing')
  const { token } = JSON.parse(
    run(['token', 'create', 'shop/billing', '--ttl', '10m', '--json'], { quiet: true }),
  )
  const billing = [
    'cert',
    'get',
    'shop/billing',
    '--server',
    url,
    '--token',
    token,
    '--ca-bundle',
    bundle,
  ]
  run([...billing, '--out', billingDir])
  run([...billing, '--out', join(home, 'again')], { refused: true })
  seen('the token was good for one certificate')

  say('They speak mutual TLS, and each sees the other by name')
  const met = await mutualTls(webDir, billingDir, bundle)
  expect(`the client saw ${String(met.server)}`, met.server === 'spiffe://demo.example/shop/web')
  expect(`the server saw ${met.client}`, met.client === 'spiffe://demo.example/shop/billing')

  say('A third workload has a genuine token, but the namespace grants it nothing')
  const strangerToken = join(home, 'stranger.token')
  writeFileSync(strangerToken, serviceAccountToken(clusterKey.privateKey, 'shop', 'stranger'), {
    mode: 0o600,
  })
  run(
    [
      'cert',
      'get',
      'shop/web',
      '--server',
      url,
      '--kubernetes-token-file',
      strangerToken,
      '--ca-bundle',
      bundle,
      '--out',
      join(home, 'stranger'),
    ],
    { refused: true },
  )

  say('shop/web renews with its current certificate')
  const serial = () => new X509Certificate(readFileSync(join(webDir, 'cert.pem'))).serialNumber
  const before = serial()
  run(['cert', 'renew', '--server', url, '--out', webDir])
  expect('a new certificate is in place', serial() !== before)

  say('Who is this, and was it allowed?')
  run(['cert', 'inspect', join(webDir, 'cert.pem')])

  say('Three voters take the index over: each has a key of their own')
  const voters = ['ann', 'bob', 'cyd']
  for (const name of voters) {
    run(['voter', 'keygen', '--out', keyOf(name)], { quiet: true })
    const enrol = ['voter', 'enrol', '--key', keyOf(name), '--id', name]
    const voter = run([...enrol, '--controller', `${name}@demo.example`], { quiet: true })
    writeFileSync(join(home, `${name}.json`), voter)
  }
  const files = voters.flatMap((name) => ['--voter', join(home, `${name}.json`)])
  run(['group', 'set', '/', ...files], { waits: true })
  vote('ann', '--approve')
  vote('bob', '--approve')
  run(['group', 'show'])

  say('A rule that the voters do not want')
  const rule = ['rules', 'attach', 'shop/billing', '--id', 'web', '--caller', 'shop/web']
  run([...rule, '--port', '1-65535', '--reason', 'easier', ...by('bob')], { waits: true })
  vote('ann', '--reject')
  vote('cyd', '--reject')
  run(['permit', 'shop/web', 'shop/billing', '--port', '8443'], { refused: true })

  say('And one that they do')
  const reason = ['--reason', 'the shop asks for invoices']
  run([...rule, '--port', '8443', ...reason, ...by('ann')], { waits: true })
  vote('bob', '--approve')
  vote('cyd', '--approve')
  run(['why', 'shop/web', 'shop/billing', '--port', '8443'])

  say('The rule goes with the identity: two files decide, and no server is asked')
  const { index } = JSON.parse(run(['status', '--json'], { quiet: true }))
  const [caller, callee] = [join(home, 'web.json'), join(home, 'billing.json')]
  run(['bundle', 'export', 'shop/web', '--out', caller], { quiet: true })
  run(['bundle', 'export', 'shop/billing', '--out', callee], { quiet: true })
  const trusted = ['--index', index.id]
  const offline = ['permit', '--bundle', caller, '--bundle', callee, ...trusted]
  const away = { away: true }
  run(['verify', callee, ...trusted], away)
  run([...offline, '--port', '8443'], away)
  run([...offline, '--port', '22'], { refused: true, ...away })
  writeFileSync(callee, readFileSync(callee, 'utf8').replaceAll('8443', '22'))
  run([...offline, '--port', '22'], { refused: true, ...away })
  seen('a rule that is edited in the file is not believed')

  say('Suspending an entry stops issuance at once, and takes one vote')
  const suspend = ['entry', 'suspend', 'shop/web', '--reason', 'demo']
  run([...suspend, ...by('ann')], { waits: true, quiet: true })
  vote('ann', '--approve')
  run(['cert', 'renew', '--server', url, '--out', webDir], { refused: true })

  say('Every step is on record, and the record proves itself')
  run(['log', 'shop/web'])
  run(['certs'])
  const checkpoint = join(home, 'checkpoint.txt')
  writeFileSync(checkpoint, run(['checkpoint'], { quiet: true }))
  run(['index', 'verify', '--from', checkpoint])

  say('Somebody who can write the store makes the reason of the rule another one')
  await stopped()
  expect('one statement was edited', edit('the shop asks for', 'everybody gets') === 1)
  run(['index', 'verify'], { refused: true })
  seen('the log says which record was edited')
}

const began = performance.now()
try {
  await demo()
  console.log(`\n${green('demo passed')} in ${((performance.now() - began) / 1000).toFixed(1)} s`)
} catch (error) {
  console.error(`\ndemo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  server?.kill('SIGTERM')
  rmSync(home, { recursive: true, force: true })
}
