import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const capstan = join(import.meta.dirname, '../dist/main.js')
const WARM_UP_MS = 1000
const MEASURED_MS = 4000
const NAME = 'web.shop.serviceaccount.identity.linkerd.cluster.local'
const SERVER = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'
const TICKS_PER_SECOND =
  Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100

export const title = 'Certify end to end: token in, certificate durably recorded and answered'
export const method =
  'A server process with the embedded store; the load is this process, on the same cores. RS256 tokens checked ' +
  `offline. ${WARM_UP_MS} ms to warm up, ${MEASURED_MS} ms measured. "CPU" is the server process's own, from /proc. ` +
  '"plain" keeps one loopback connection; "TLS" makes a connection for every certificate, as linkerd2-proxy does. ' +
  '"same CSR" is a renewal; "new CSR" is a first enrolment.'

export async function run() {
  const rows = []
  const bench = await started()
  try {
    for (const [transport, csrs, inFlight] of [
      ['plain', 'same', 1],
      ['plain', 'same', 16],
      ['plain', 'same', 128],
      ['plain', 'new', 128],
      ['TLS', 'same', 16],
    ]) {
      rows.push(await measure(bench, transport, csrs, inFlight))
    }
  } finally {
    bench.server.kill('SIGTERM')
    await new Promise((resolve) => bench.server.once('exit', resolve))
    rmSync(bench.home, { recursive: true, force: true })
  }
  return rows
}

async function measure(bench, transport, csrs, inFlight) {
  const session = transport === 'plain' ? connect(`http://127.0.0.1:${bench.loopback}`) : undefined
  const start = performance.now() + WARM_UP_MS
  const end = start + MEASURED_MS
  const times = []
  let next = 0
  let cpu
  async function load() {
    for (let now = performance.now(); now < end;) {
      if (now >= start) cpu ??= cpuSeconds(bench.server.pid)
      const csr = csrs === 'same' ? bench.csrs[0] : bench.csrs[next++ % bench.csrs.length]
      await certify(bench, session, csr)
      const after = performance.now()
      if (now >= start) times.push(after - now)
      now = after
    }
  }
  await Promise.all(Array.from({ length: inFlight }, load))
  const used = cpuSeconds(bench.server.pid) - cpu
  session?.close()
  times.sort((a, b) => a - b)
  const quantile = (share) => times[Math.floor(times.length * share)]?.toFixed(1) ?? '-'
  return {
    transport,
    csr: csrs,
    'in flight': inFlight,
    'certificates/s': Math.round(times.length / (MEASURED_MS / 1000)),
    'CPU us each': Math.round((used * 1e6) / times.length),
    'p50 ms': quantile(0.5),
    'p99 ms': quantile(0.99),
  }
}

async function certify(bench, kept, csr) {
  const session = kept ?? (await overTls(bench))
  const body = frame(bench.token, csr)
  const status = await new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/io.linkerd.proxy.identity.Identity/Certify',
      ':scheme': 'http',
      te: 'trailers',
      'content-type': 'application/grpc',
    })
    let answer
    stream.on('response', (headers) => (answer ??= headers['grpc-status']))
    stream.on('trailers', (headers) => (answer = headers['grpc-status']))
    stream.on('data', () => undefined)
    stream.on('error', reject)
    stream.on('close', () => resolve(answer))
    stream.end(body)
  })
  if (!kept) session.close()
  if (status !== '0') throw new Error(`grpc-status ${String(status)}`)
}

async function overTls({ port, ca }) {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: SERVER,
    ca,
    minVersion: 'TLSv1.3',
  })
  await new Promise((resolve, reject) =>
    socket.once('secureConnect', resolve).once('error', reject),
  )
  return connect('http://127.0.0.1', { createConnection: () => socket })
}

/** gRPC's prefix, then CertifyRequest: identity, token and CSR as fields 1 to 3. */
function frame(token, csr) {
  const message = Buffer.concat([
    field(1, Buffer.from(NAME)),
    field(2, Buffer.from(token)),
    field(3, csr),
  ])
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

const field = (number, value) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(value.length)]), value])

function varint(value) {
  const octets = []
  for (; value > 0x7f; value >>>= 7) octets.push((value & 0x7f) | 0x80)
  return [...octets, value]
}

/** User and system time of a process (proc(5), /proc/PID/stat fields 14 and 15). */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

async function started() {
  const home = mkdtempSync(join(tmpdir(), 'capstan-bench-'))
  const [port, loopback, admin] = await Promise.all([freePort(), freePort(), freePort()])
  const config = join(home, 'capstan.yaml')
  writeFileSync(
    config,
    `dataDir: data
server:
  linkerd: { listen: "127.0.0.1:${port}", loopback: ${loopback} }
  http: { listen: off }
  admin: { listen: "127.0.0.1:${admin}" }
log: { level: warn }
`,
  )
  const command = (...args) => {
    const done = spawnSync(process.execPath, [capstan, ...args, '--config', config], {
      encoding: 'utf8',
    })
    if (done.status !== 0)
      throw new Error(`capstan ${args.join(' ')}: ${done.stdout}${done.stderr}`)
  }
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' }
  writeFileSync(join(home, 'jwks.json'), JSON.stringify({ keys: [jwk] }))
  command('init', '--trust-domain', 'bench.example')
  command(
    ...['cluster', 'add', 'prod', '--identity-trust-domain', 'cluster.local'],
    ...['--control-plane-namespace', 'linkerd', '--issuer', 'https://bench.example'],
    ...['--audience', 'bench', '--validation', 'offline', '--jwks-file', join(home, 'jwks.json')],
  )
  command('entry', 'create', 'web', '--owner', 'bench')
  command('bind', 'add', 'web', '--k8s', 'prod/shop/web')
  command('bundle', '--out', join(home, 'bundle.pem'))
  const server = spawn(process.execPath, [capstan, 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (let tries = 0; tries < 200; tries += 1) {
    const ready = await fetch(`http://127.0.0.1:${admin}/ready`).catch(() => undefined)
    if (ready?.ok) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const ca = readFileSync(join(home, 'bundle.pem'), 'utf8')
  return {
    home,
    port,
    loopback,
    ca,
    server,
    token: token(key.privateKey),
    csrs: await makeCsrs(2000),
  }
}

function token(key) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const bound = {
    namespace: 'shop',
    pod: { name: 'web-0', uid: randomUUID() },
    serviceaccount: { name: 'web', uid: randomUUID() },
  }
  const claims = {
    aud: ['bench'],
    exp: now + 3600,
    iat: now,
    nbf: now,
    iss: 'https://bench.example',
    jti: randomUUID(),
    sub: 'system:serviceaccount:shop:web',
    'kubernetes.io': bound,
  }
  const body = `${encode({ alg: 'RS256', kid: 'bench' })}.${encode(claims)}`
  return `${body}.${sign('sha256', Buffer.from(body), key).toString('base64url')}`
}

async function makeCsrs(count) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const csrs = []
  for (let made = 0; made < count; made += 1) {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const csr = await x509.Pkcs10CertificateRequestGenerator.create({
      keys,
      signingAlgorithm: algorithm,
    })
    csrs.push(Buffer.from(csr.rawData))
  }
  return csrs
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
