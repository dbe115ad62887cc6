import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as k8s from '@kubernetes/client-node'
import { kubeconfigFor, KubePki } from './kube-pki.js'

const buildScript = join(import.meta.dirname, '../../scripts/kube-apiserver/build.sh')
const READY_WITHIN_MS = 60_000

export interface KubeOptions {
  /** The `iss` of its tokens. */
  readonly issuer?: string
  readonly signingKey?: 'rsa' | 'ec'
}

export interface TokenWish {
  readonly namespace: string
  readonly serviceAccount: string
  readonly audience: string
  readonly pod?: string
  /** At least 600, says the API server. */
  readonly expirationSeconds?: number
}

/** A real kube-apiserver over a real etcd, with nothing else: no kubelet, no controllers. */
export class KubeServer {
  readonly issuer: string
  readonly server: string
  /** May create TokenReviews and read the discovery document, and nothing else. */
  readonly kubeconfig: string
  /** May do nothing beyond what everybody may. */
  readonly strangerKubeconfig: string
  readonly admin: k8s.KubeConfig
  private readonly home: string
  private readonly etcd: ChildProcess
  private readonly start: () => ChildProcess
  private apiServer: ChildProcess

  private constructor(made: Made) {
    this.issuer = made.issuer
    this.server = made.server
    this.kubeconfig = join(made.home, 'capstan.kubeconfig')
    this.strangerKubeconfig = join(made.home, 'stranger.kubeconfig')
    this.admin = new k8s.KubeConfig()
    this.admin.loadFromFile(join(made.home, 'admin.kubeconfig'))
    this.home = made.home
    this.etcd = made.etcd
    this.start = made.start
    this.apiServer = made.start()
  }

  /** Builds kube-apiserver on first use (minutes), then starts one (seconds). */
  static async started(options: KubeOptions = {}): Promise<KubeServer> {
    const kube = new KubeServer(await make(options))
    await kube.ready()
    await kube.allow('capstan')
    return kube
  }

  private get core(): k8s.CoreV1Api {
    return this.admin.makeApiClient(k8s.CoreV1Api)
  }

  /** Whose CPU time a benchmark counts apart. */
  get apiServerPid(): number | undefined {
    return this.apiServer.pid
  }

  async createNamespace(name: string): Promise<void> {
    await this.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }

  /** Its uid. */
  createServiceAccount(namespace: string, name: string): Promise<string> {
    return this.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } })
  }

  async deleteServiceAccount(namespace: string, name: string): Promise<void> {
    await this.core.deleteNamespacedServiceAccount({ namespace, name })
  }

  async createNode(name: string): Promise<void> {
    await this.create({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
  }

  /** Its uid. It never runs: there is no kubelet. */
  createPod(
    namespace: string,
    name: string,
    serviceAccountName: string,
    nodeName?: string,
  ): Promise<string> {
    const containers = [{ name: 'main', image: 'none' }]
    const node = nodeName === undefined ? {} : { nodeName }
    return this.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: { serviceAccountName, containers, ...node },
    })
  }

  async deletePod(namespace: string, name: string): Promise<void> {
    await this.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 })
  }

  async requestToken(wish: TokenWish): Promise<string> {
    const { namespace, serviceAccount: name, audience, pod, expirationSeconds = 600 } = wish
    const boundObjectRef = pod === undefined ? {} : { boundObjectRef: boundTo(pod) }
    const spec = { audiences: [audience], expirationSeconds, ...boundObjectRef }
    const body = Object.assign(new k8s.AuthenticationV1TokenRequest(), { spec })
    const answer = await this.core.createNamespacedServiceAccountToken({ namespace, name, body })
    return answer.status?.token ?? ''
  }

  /** A Secret's token as clusters before 1.24 made one for each account: no audience, no expiry. */
  async createLegacyToken(namespace: string, account: string, uid: string): Promise<string> {
    const name = `${account}-token`
    const token = signRs256(this.serviceAccountKey(), {
      iss: 'kubernetes/serviceaccount',
      sub: `system:serviceaccount:${namespace}:${account}`,
      'kubernetes.io/serviceaccount/namespace': namespace,
      'kubernetes.io/serviceaccount/secret.name': name,
      'kubernetes.io/serviceaccount/service-account.name': account,
      'kubernetes.io/serviceaccount/service-account.uid': uid,
    })
    const annotations = {
      'kubernetes.io/service-account.name': account,
      'kubernetes.io/service-account.uid': uid,
    }
    await this.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, annotations },
      type: 'kubernetes.io/service-account-token',
      stringData: { token },
    })
    return token
  }

  /** SIGTERM to the API server; etcd and its data stay. */
  async stopApiServer(): Promise<void> {
    await ended(this.apiServer)
  }

  /** The same server again, on the same port. */
  async restartApiServer(): Promise<void> {
    this.apiServer = this.start()
    await this.ready()
  }

  async stop(): Promise<void> {
    await ended(this.apiServer)
    await ended(this.etcd)
    rmSync(this.home, { recursive: true, force: true })
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS
    const health = new k8s.Health(this.admin)
    while (Date.now() < deadline) {
      if (this.apiServer.exitCode !== null || this.etcd.exitCode !== null) break
      if (await health.readyz({}).catch(() => false)) return
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    const log = readFileSync(join(this.home, 'kube-apiserver.log'), 'utf8')
    await this.stop()
    throw new Error(`kube-apiserver did not become ready:\n${log.slice(-4000)}`)
  }

  /** What `capstan cluster check` tells an operator to grant. */
  private async allow(user: string): Promise<void> {
    const apiVersion = 'rbac.authorization.k8s.io/v1'
    const apiGroup = 'rbac.authorization.k8s.io'
    const rule = {
      apiGroups: ['authentication.k8s.io'],
      resources: ['tokenreviews'],
      verbs: ['create'],
    }
    const metadata = { name: 'capstan-token-review' }
    await this.create({ apiVersion, kind: 'ClusterRole', metadata, rules: [rule] })
    for (const name of [metadata.name, 'system:service-account-issuer-discovery']) {
      await this.create({
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata: { name: `${name}-${user}` },
        roleRef: { apiGroup, kind: 'ClusterRole', name },
        subjects: [{ apiGroup, kind: 'User', name: user }],
      })
    }
  }

  /** Any object, as its manifest says it; its uid. */
  private async create(manifest: Manifest): Promise<string> {
    const { metadata, ...rest } = manifest
    const object = { ...rest, metadata: Object.assign(new k8s.V1ObjectMeta(), metadata) }
    const made = await k8s.KubernetesObjectApi.makeApiClient(this.admin).create(object)
    return made.metadata.uid ?? ''
  }

  private serviceAccountKey(): string {
    return readFileSync(join(this.home, 'sa.key'), 'utf8')
  }
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: k8s.V1ObjectMeta
  readonly [member: string]: unknown
}

interface Made {
  readonly home: string
  readonly issuer: string
  readonly server: string
  readonly etcd: ChildProcess
  readonly start: () => ChildProcess
}

async function make(options: KubeOptions): Promise<Made> {
  const { issuer = 'https://kubernetes.default.svc.cluster.local', signingKey = 'rsa' } = options
  const binary = built()
  const home = mkdtempSync(join(tmpdir(), 'capstan-kube-'))
  const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()])
  const server = `https://127.0.0.1:${port}`
  await writeCredentials(home, server)
  writeServiceAccountKeys(home, signingKey)

  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const etcd = run(home, 'etcd', etcdOnPath(), {
    'data-dir': join(home, 'etcd'),
    'listen-client-urls': etcdUrl,
    'advertise-client-urls': etcdUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
  })
  const start = (): ChildProcess =>
    run(home, 'kube-apiserver', binary, {
      'etcd-servers': etcdUrl,
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'secure-port': String(port),
      'tls-cert-file': join(home, 'server.crt'),
      'tls-private-key-file': join(home, 'server.key'),
      'client-ca-file': join(home, 'ca.crt'),
      'service-cluster-ip-range': '10.0.0.0/24',
      'authorization-mode': 'Node,RBAC',
      'disable-admission-plugins': 'ServiceAccount',
      'service-account-issuer': issuer,
      'service-account-signing-key-file': join(home, 'sa.key'),
      'service-account-key-file': join(home, 'sa.pub'),
      'service-account-jwks-uri': `${server}/openid/v1/jwks`,
      'api-audiences': issuer,
    })
  return { home, issuer, server, etcd, start }
}

async function writeCredentials(home: string, server: string): Promise<void> {
  const pki = await KubePki.make()
  const { certificate, key } = await pki.server()
  writeFileSync(join(home, 'ca.crt'), pki.ca)
  writeFileSync(join(home, 'server.crt'), certificate)
  writeFileSync(join(home, 'server.key'), key, { mode: 0o600 })
  for (const [user, group] of [['admin', 'system:masters'], ['capstan'], ['stranger']] as const) {
    const kubeconfig = kubeconfigFor(server, pki.ca, await pki.client(user, group))
    writeFileSync(join(home, `${user}.kubeconfig`), kubeconfig, { mode: 0o600 })
  }
}

function writeServiceAccountKeys(home: string, kind: 'rsa' | 'ec'): void {
  const { privateKey, publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(join(home, 'sa.key'), pkcs8, { mode: 0o600 })
  writeFileSync(join(home, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
}

/** The path of the binary; the build says on stderr what it does. */
function built(): string {
  const build = spawnSync(buildScript, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  if (build.status !== 0) throw new Error(`${buildScript} failed: see above`)
  return build.stdout.trim()
}

function etcdOnPath(): string {
  const command = 'etcd'
  if (spawnSync(command, ['--version']).error) {
    throw new Error('etcd is not installed: apt-get install --no-install-recommends etcd-server')
  }
  return command
}

const children = new Set<ChildProcess>()
// A test run that is cut short leaves no servers behind.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

function run(
  home: string,
  name: string,
  command: string,
  flags: Readonly<Record<string, string>>,
): ChildProcess {
  const log = openSync(join(home, `${name}.log`), 'a')
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  const child = spawn(command, args, { stdio: ['ignore', log, log] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    // An API server waits up to a minute for open watches; a test does not.
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

const boundTo = (pod: string) => ({ apiVersion: 'v1', kind: 'Pod', name: pod })

function signRs256(key: string, claims: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  // As kubernetes/pkg/serviceaccount/jwt.go names a key.
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const kid = createHash('sha256').update(spki).digest('base64url')
  const input = `${encode({ alg: 'RS256', kid })}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}
