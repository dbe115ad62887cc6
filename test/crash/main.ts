import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { commandOptions } from '../support/command-options.js'
import { CapstanProcess } from '../support/capstan-process.js'
import { OfflineCluster } from '../support/offline-cluster.js'
import { misbehavingDisk } from '../support/toolchains.js'
import { Books } from './books.js'
import { Migrating } from './migrating.js'
import { drawFrom, points } from './points.js'
import { Arena, harms, type Problem } from './round.js'

/**
 * `npm run test:crash -- [--rounds N] [--resume] [--workers N] [--state FOLDER]`: kills a server under load at
 * random moments and at named points, N times, and compares after each what clients were told with
 * what is on the disk. A third of the rounds are served by two processes, or all by as many as
 * `--workers` says. What it keeps is in FOLDER, outside the tree; `--resume` goes on from there.
 */
const USAGE =
  'usage: npm run test:crash -- [--rounds N] [--resume] [--workers N] [--state FOLDER] [--only POINT]'
const { values } = commandOptions(USAGE, {
  options: {
    rounds: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '0' },
    resume: { type: 'boolean', default: false },
    state: { type: 'string' },
    only: { type: 'string' },
  },
})
const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
const folder = values.state ?? join(caches, 'capstan-e2e/crash')
const rounds = Number(values.rounds)
const workers = Number(values.workers) || undefined
const AUDIT_EVERY = 50
const REPORT_EVERY = 10

interface State {
  readonly seed: number
  rounds: number
  failed: number
  harms: Partial<Record<Problem['harm'], number>>
  reached: Record<string, { tried: number; reached: number }>
}

const stateFile = join(folder, 'state.json')
const isResumed = values.resume && existsSync(stateFile)
if (!isResumed) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const state: State = isResumed
  ? (JSON.parse(readFileSync(stateFile, 'utf8')) as State)
  : { seed: Date.now() % 2 ** 31, rounds: 0, failed: 0, harms: {}, reached: {} }

const disk = misbehavingDisk()
const arena = await openArena()
const migrating = new Migrating(await openMigrating(), disk)
const chosen = points.filter(({ name }) => values.only === undefined || name === values.only)
const began = performance.now()
const before = state.rounds
say(`seed ${state.seed}, rounds ${state.rounds} to ${rounds}, in ${folder}`)

for (let number = state.rounds + 1; number <= rounds; number += 1) {
  const draw = drawFrom(state.seed + number)
  const point = chosen[number % chosen.length]
  if (!point) throw new Error(`there is no point ${values.only ?? ''}`)
  const { reached, problems } =
    point.phase === 'migration'
      ? await migrating.round(point, draw)
      : await arena.round(number, point, draw)
  const all = [...problems]
  if (number % AUDIT_EVERY === 0 || number === rounds) all.push(...(await arena.audit()))
  const tried = (state.reached[point.name] ??= { tried: 0, reached: 0 })
  tried.tried += 1
  if (reached) tried.reached += 1
  state.rounds = number
  if (all.length > 0) state.failed += 1
  for (const { harm, what } of all) {
    state.harms[harm] = (state.harms[harm] ?? 0) + 1
    say(`round ${number}, ${point.name}: FAILED: ${harm}: ${what}`)
  }
  writeFileSync(stateFile, JSON.stringify(state))
  if (number % REPORT_EVERY === 0) report(number)
}

say('')
say('point            tried  died there')
for (const [name, { tried, reached }] of Object.entries(state.reached)) {
  say(`${name.padEnd(15)} ${String(tried).padStart(6)} ${String(reached).padStart(11)}`)
}
const unreached = Object.entries(state.reached).filter(
  ([, { tried, reached }]) => tried >= 5 && reached === 0,
)
for (const [name] of unreached) say(`FAILED: no server has died at ${name}: is it a point still?`)
tally()
await arena.capstan[Symbol.asyncDispose]()
rmSync(disk, { force: true })
const failed = state.failed + unreached.length
say(`\n${state.rounds - state.failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function openArena(): Promise<Arena> {
  const home = join(folder, 'main')
  const setting = {
    home,
    logLevel: 'info',
    http: 'rateLimit: { perMinute: 1000000, burst: 1000000 }',
  }
  const jwks = join(home, 'jwks.json')
  const parts = { books: new Books(join(folder, 'books.jsonl')), disk, workers }
  if (isResumed) {
    const capstan = await CapstanProcess.at(setting)
    return new Arena({ ...parts, capstan, cluster: new OfflineCluster(jwks) })
  }
  mkdirSync(home)
  const capstan = await CapstanProcess.founded('test.example', setting)
  const cluster = new OfflineCluster(jwks)
  capstan.must(['scope', 'create', 'shop'])
  capstan.must([
    ...['cluster', 'add', 'prod', '--identity-trust-domain', 'cluster.local'],
    ...['--control-plane-namespace', 'linkerd', '--issuer', cluster.issuer],
    ...['--audience', cluster.audience, '--validation', 'offline', '--jwks-file', jwks],
  ])
  capstan.must(['entry', 'create', 'shop/web', '--owner', 'team-shop'])
  capstan.must(['bind', 'add', 'shop/web', '--k8s', 'prod/shop/web'])
  return new Arena({ ...parts, capstan, cluster })
}

async function openMigrating(): Promise<CapstanProcess> {
  const home = join(folder, 'migrating')
  const setting = { home, logLevel: 'info' }
  if (isResumed) return CapstanProcess.at(setting)
  mkdirSync(home)
  return CapstanProcess.founded('test.example', setting)
}

function report(number: number): void {
  const each = (performance.now() - began) / 1000 / (number - before)
  const left = Math.ceil((each * (rounds - number)) / 60)
  const received = arena.books.certificates.size
  say(
    `round ${number}/${rounds}: ${received} certificates received, ` +
      `${state.failed} failed, ${each.toFixed(1)} s a round, ${left} min left`,
  )
}

function tally(): void {
  const { books, ledger } = arena
  say(`
certificates received by clients   ${books.certificates.size}
certificates in the ledger         ${ledger.certificates.size}
join tokens made, used             ${books.tokens.size}, ${ledger.byToken.size}
challenges made                    ${books.challengeKeys.size}
changes of the index acknowledged  ${books.entries.length}
revocations acknowledged           ${books.revoked.length}
`)
  for (const harm of harms) say(`${harm.padEnd(36)} ${state.harms[harm] ?? 0}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
