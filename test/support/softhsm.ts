import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DependencyError } from '../../src/core/dependency-error.js'
import { ok, type Result } from '../../src/core/result.js'
import type { AskPin, TokenKey, TokenKeyName, VoterTokens } from '../../src/namespace/ports.js'
import type { VoterAlgorithm, VoterJwk } from '../../src/namespace/voter-key.js'
import { builtModule } from './built.js'

const MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm.so']

/** Tokens of SoftHSM (Debian: softhsm2), in a folder of their own. */
export class SoftHsm implements Disposable {
  readonly home = mkdtempSync(join(tmpdir(), 'capstan-softhsm-'))
  readonly env = { SOFTHSM2_CONF: join(this.home, 'softhsm2.conf') }
  readonly module = MODULES.find((path) => existsSync(path)) ?? ''
  readonly pin = '4711'

  constructor(labels: readonly string[]) {
    if (this.module === '') throw new Error('SoftHSM is not installed (Debian: softhsm2)')
    mkdirSync(join(this.home, 'tokens'))
    const conf = `directories.tokendir = ${join(this.home, 'tokens')}\nlog.level = ERROR\n`
    writeFileSync(this.env.SOFTHSM2_CONF, conf)
    for (const label of labels) {
      this.#run(['--init-token', '--free', '--label', label, '--so-pin', '12345678'])
    }
  }

  /** Imports a new key pair with its public key. */
  put(token: string, kind: 'p256' | 'rsa', label: string, id: string): void {
    const pair =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const file = join(this.home, 'import.pem')
    writeFileSync(file, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    this.#run(['--import', file, '--token', token, '--label', label, '--id', id, '--force'])
    rmSync(file)
  }

  /** As if every token were pulled out. */
  pull(): void {
    rmSync(join(this.home, 'tokens'), { recursive: true })
    mkdirSync(join(this.home, 'tokens'))
  }

  #run(args: readonly string[]): void {
    const env = { ...process.env, ...this.env }
    const ran = spawnSync('softhsm2-util', [...args, '--pin', this.pin], { env, encoding: 'utf8' })
    if (ran.status !== 0) throw new Error(`softhsm2-util: ${ran.stdout}${ran.stderr}`)
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true })
  }
}

interface Answer {
  readonly pin?: string
  readonly refused?: Result<never>
  readonly broken?: string
  readonly key?: number
  readonly jwk?: VoterJwk
  readonly signature?: string
}

/**
 * The adapter in a process of its own: a module reads its environment from the system, which a test
 * cannot set for itself.
 */
export class TokensElsewhere implements VoterTokens {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env, ADAPTER: builtModule('keys/pkcs11/voter-tokens.js') },
    })
    if (!this.#child.stdout) throw new Error('no output')
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  open(name: TokenKeyName, pin: AskPin): Promise<Result<TokenKey>> {
    return this.#asked({ open: plain(name) }, pin)
  }

  create(name: TokenKeyName, alg: VoterAlgorithm, pin: AskPin): Promise<Result<TokenKey>> {
    return this.#asked({ create: plain(name), alg }, pin)
  }

  end(): void {
    this.#child.kill()
  }

  async #asked(question: object, pin: AskPin): Promise<Result<TokenKey>> {
    let answer = await this.#ask(question)
    if (answer.pin !== undefined) answer = await this.#ask({ pin: await pin(answer.pin) })
    if (answer.refused) return answer.refused
    const { key, jwk } = answer
    if (!jwk) throw new DependencyError('token', answer.broken ?? 'no answer')
    return ok({
      jwk,
      sign: async (bytes) => {
        const signed = await this.#ask({ sign: Buffer.from(bytes).toString('hex'), key })
        if (signed.signature === undefined) throw new DependencyError('token', signed.broken ?? '')
        return Buffer.from(signed.signature, 'hex')
      },
      close: () => void this.#child.stdin?.write(`${JSON.stringify({ close: key })}\n`),
    })
  }

  async #ask(question: object): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`)
    const next = await this.#lines.next()
    if (next.done === true) throw new Error('the process has ended')
    return JSON.parse(next.value) as Answer
  }
}

const plain = ({ id, ...name }: TokenKeyName) => ({
  ...name,
  ...(id && { id: Buffer.from(id).toString('hex') }),
})

const program = `
import { createInterface } from 'node:readline'
import { randomBytes } from 'node:crypto'
const { pkcs11Tokens } = await import(process.env.ADAPTER)
const tokens = pkcs11Tokens((count) => randomBytes(count))
const keys = []
const say = (answer) => process.stdout.write(JSON.stringify(answer) + '\\n')
const name = ({ id, ...rest }) => ({ ...rest, ...(id && { id: Buffer.from(id, 'hex') }) })
let pin
const ask = (label) => {
  say({ pin: label })
  return new Promise((resolve) => { pin = resolve })
}
async function told(question) {
  if (question.sign !== undefined) {
    const signature = await keys[question.key].sign(Buffer.from(question.sign, 'hex'))
    return { signature: Buffer.from(signature).toString('hex') }
  }
  const found = question.open
    ? await tokens.open(name(question.open), ask)
    : await tokens.create(name(question.create), question.alg, ask)
  if (!found.ok) return { refused: found }
  keys.push(found.value)
  return { key: keys.length - 1, jwk: found.value.jwk }
}
createInterface({ input: process.stdin }).on('line', (line) => {
  const question = JSON.parse(line)
  if (question.pin) pin(question.pin)
  else if (question.close !== undefined) keys[question.close].close()
  else told(question).then(say, (error) => say({ broken: error.message }))
})
`
