import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { endsWithUs } from '../machine/ends-with-us.mjs'
import { freePort } from '../machine/free-port.mjs'
import { usageOf } from '../machine/process-usage.mjs'
import { LINKERD_SERVER_NAME } from './namespace-document.mjs'

const program = join(import.meta.dirname, '../../dist/main.js')
const READY_WITHIN_MS = 600_000

/**
 * A data directory and the server over it: the program as it is shipped, with its defaults, its log
 * with every audit line in a file. All load comes from one address, so the one thing that differs is
 * that the HTTP API's rate limit for an address is out of the way.
 */
export class Capstan {
  /**
   * Runs `capstan init` in `folder`. `nodeOptions` are for the serving process: `--cpu-prof`, say;
   * `workers` is left to Capstan when it is undefined.
   */
  static async founded(folder, options) {
    const capstan = await Capstan.at(folder, options)
    capstan.run(['init', '--trust-domain', 'bench.example'])
    const bundle = join(folder, 'bundle.pem')
    capstan.run(['bundle', '--out', bundle])
    capstan.ca = readFileSync(bundle, 'utf8')
    return capstan
  }

  /** Over a `folder` in which it was founded before, on ports of now. */
  static async at(folder, { nodeOptions = [], workers } = {}) {
    const [linkerd, http, admin] = [await freePort(), await freePort(), await freePort()]
    const capstan = new Capstan(folder, { linkerd, http, admin })
    capstan.nodeOptions = nodeOptions
    writeFileSync(
      capstan.config,
      `dataDir: data
server:
  linkerd: { listen: "127.0.0.1:${linkerd}" }
  http:
    listen: "127.0.0.1:${http}"
    rateLimit: { perMinute: 1000000, burst: 1000000 }
  admin: { listen: "127.0.0.1:${admin}" }
${workers === undefined ? '' : `  workers: ${workers}\n`}`,
    )
    return capstan
  }

  constructor(folder, ports) {
    this.folder = folder
    this.ports = ports
    this.config = join(folder, 'capstan.yaml')
    this.socket = join(folder, 'data/capstan.sock')
  }

  /** Where proxies ask. */
  get linkerd() {
    const { ca } = this
    return { host: '127.0.0.1', port: this.ports.linkerd, serverName: LINKERD_SERVER_NAME, ca }
  }

  /** Where machines ask. */
  get http() {
    return { host: '127.0.0.1', port: this.ports.http, serverName: 'localhost', ca: this.ca }
  }

  /** One `capstan` command; its output. */
  run(args, input = '') {
    const command = [program, ...args, '--config', this.config]
    const done = spawnSync(process.execPath, command, {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    if (done.status === 0) return done.stdout
    const said = `${done.stdout}${done.stderr}`.slice(0, 2000)
    throw new Error(`capstan ${args.join(' ')}: exit ${String(done.status)}\n${said}`)
  }

  apply(document) {
    return this.run(['apply', '-f', '-'], JSON.stringify(document))
  }

  /** Resolves once it is ready; the milliseconds that took, the start of Node included. */
  async start() {
    const log = openSync(join(this.folder, 'capstan.log'), 'a')
    const started = performance.now()
    const command = [...this.nodeOptions, program, 'serve', '--config', this.config]
    this.process = endsWithUs(
      spawn(process.execPath, command, { stdio: ['ignore', 'ignore', log] }),
    )
    closeSync(log)
    while (performance.now() - started < READY_WITHIN_MS && this.process.exitCode === null) {
      if (await this.isReady()) return performance.now() - started
      await pause(20)
    }
    throw new Error(`capstan serve is not ready:\n${this.log.slice(-2000)}`)
  }

  isReady() {
    return this.says('ready')
  }

  isLive() {
    return this.says('live')
  }

  async says(what) {
    const url = `http://127.0.0.1:${this.ports.admin}/${what}`
    const answer = await fetch(url).catch(() => undefined)
    await answer?.arrayBuffer()
    return answer?.ok === true
  }

  get log() {
    return readFileSync(join(this.folder, 'capstan.log'), 'utf8')
  }

  /** CPU time and memory of all of its processes. */
  usage() {
    return usageOf(this.process.pid)
  }

  async stop() {
    const { process: server } = this
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
  }
}
