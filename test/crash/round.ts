import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import type { CapstanProcess } from '../support/capstan-process.js'
import type { OfflineCluster } from '../support/offline-cluster.js'
import { type Books, compare, type Line, type SingleUse } from './books.js'
import { LedgerFile, wholeStoreProblems } from './ledger-file.js'
import { countProblems, issuanceProblems } from './issuance-file.js'
import { Load } from './load.js'
import { armed, type Draw, type Point, processesOf } from './points.js'

/** The longest that a server is used before it is killed from outside, its point not reached. */
const LOAD_MS = 2500
/** Workers that outlive the main process would hold its ports. */
const ORPHANED_MS = 5000

/** What must not happen, each counted by itself. */
export const harms = [
  'certificate lost',
  'serial number twice',
  'token or challenge twice',
  'change or revocation lost',
  'log or file damaged',
  'issuance log is not of the ledger',
  'not started again by itself',
  'worker not replaced, or left behind',
  'ended by itself, or no answer',
] as const

export interface Problem {
  readonly harm: (typeof harms)[number]
  readonly what: string
}

export interface Outcome {
  /** It died where it was meant to. */
  readonly reached: boolean
  readonly problems: readonly Problem[]
}

/** One data folder that is served and killed, again and again. */
export class Arena {
  readonly capstan: CapstanProcess
  readonly books: Books
  ledger: LedgerFile
  private readonly cluster: OfflineCluster
  private readonly disk: string
  private readonly marker: string
  /** Of every round; undefined: as each round's point says, or draws. */
  private readonly workers: number | undefined
  private used: readonly SingleUse[] = []
  private readonly knownTwice = new Set<string>()

  constructor(made: {
    readonly capstan: CapstanProcess
    readonly cluster: OfflineCluster
    readonly books: Books
    readonly disk: string
    readonly workers: number | undefined
  }) {
    this.capstan = made.capstan
    this.cluster = made.cluster
    this.books = made.books
    this.disk = made.disk
    this.workers = made.workers
    this.marker = join(made.capstan.home, 'died')
    this.ledger = new LedgerFile(this.store)
  }

  private get store(): string {
    return join(this.capstan.data, 'capstan.db')
  }

  /** Starts, checks what the round before left, loads, and kills at `point`. */
  async round(number: number, point: Point, draw: Draw): Promise<Outcome> {
    const { capstan } = this
    rmSync(this.marker, { force: true })
    const { disk, marker } = this
    const workers = this.workers ?? processesOf(point, draw)
    capstan.launch(armed(point, draw, { disk, marker, workers }))
    const problems: Problem[] = []
    const load = new Load(capstan, this.cluster, this.books, number)
    if (await capstan.becomesReady()) {
      problems.push(...(await this.check(load)))
      if (point.phase !== 'start')
        problems.push(...(await this.use(load, point, { draw, workers })))
    } else if (!this.died) {
      problems.push({ harm: 'not started again by itself', what: capstan.log.slice(-600) })
    }
    problems.push(...(await this.end(point)))
    load.hangUp()
    this.used = [...load.used]
    return { reached: this.died || point.by === 'signal', problems }
  }

  private get died(): boolean {
    return existsSync(this.marker)
  }

  /** Loads until it dies, or for long enough. Answers that cannot come any more are waited for too. */
  private async use(
    load: Load,
    point: Point,
    { draw, workers: started }: { draw: Draw; workers: number },
  ): Promise<Problem[]> {
    const { capstan } = this
    const stop = new AbortController()
    const changeMs = point.name === 'index-append' ? 50 : 400
    const running = load.run(stop.signal, { changeMs })
    const over = capstan.ended()
    const problems: Problem[] = []
    await Promise.race([over, this.marked(), pause(this.usedFor(point, draw))])
    const [worker] = childrenOf(capstan.pid)
    const isVictim = point.name === 'one worker' || draw() < 0.5
    if (point.by === 'signal' && worker !== undefined && isVictim) killed(worker)
    if (started > 1 && capstan.isRunning) problems.push(...(await this.outlives(started)))
    if (point.phase === 'stop' && capstan.pid !== undefined) {
      process.kill(capstan.pid, 'SIGTERM')
      await Promise.race([over, pause(25_000)])
    }
    if (capstan.isRunning && capstan.pid !== undefined) killed(capstan.pid)
    await over
    stop.abort()
    load.hangUp()
    await running
    return problems
  }

  private usedFor(point: Point, draw: Draw): number {
    if (point.phase === 'stop') return 200 + draw() * 300
    return point.by === 'signal' ? 30 + draw() * 800 : LOAD_MS
  }

  /** Resolves once some process of the server has died at its point. */
  private async marked(): Promise<void> {
    while (!this.died && this.capstan.isRunning) await pause(20)
  }

  /** A worker has died, or may have: the server goes on, with as many of them. */
  private async outlives(started: number): Promise<Problem[]> {
    await pause(200)
    if (!(await this.capstan.becomesReady(10_000))) {
      // It was the main process that died at its point, and nobody had heard of that yet.
      return this.died && !this.capstan.isRunning ? [] : [ofWorkers('it is not ready')]
    }
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (childrenOf(this.capstan.pid).length === started) return []
      await pause(50)
    }
    return this.capstan.isRunning
      ? [ofWorkers(`there are ${childrenOf(this.capstan.pid).length}, not ${started}`)]
      : []
  }

  private async end(point: Point): Promise<Problem[]> {
    const { capstan } = this
    const workers = childrenOf(capstan.pid)
    const endedBySignal = !capstan.isRunning
    await capstan.kill()
    const how = await capstan.ended()
    const problems: Problem[] = []
    if (endedBySignal && how !== null && how !== 'SIGKILL' && !this.died) {
      if (point.phase !== 'stop' || how !== 0)
        problems.push({ harm: 'ended by itself, or no answer', what: `exit ${how}` })
    }
    for (let waited = 0; workers.some(isThere); waited += 20) {
      if (waited > ORPHANED_MS) {
        problems.push(ofWorkers('it outlives the main process'))
        for (const orphan of workers.filter(isThere)) killed(orphan)
        break
      }
      await pause(20)
    }
    return problems
  }

  /** What came since the last look is compared with what clients were told since. */
  private async check(load: Load): Promise<Problem[]> {
    const lines = this.books.unchecked()
    try {
      return await this.compareLines(load, lines)
    } catch (error) {
      // It died on us: the next round looks at the same things.
      this.books.recheck(lines)
      load.used.push(...this.used)
      await pause(100)
      if (this.capstan.isRunning) {
        return [{ harm: 'ended by itself, or no answer', what: String(error) }]
      }
      return []
    }
  }

  private async compareLines(load: Load, lines: readonly Line[]): Promise<Problem[]> {
    this.ledger.update()
    const certificates = lines.flatMap((line) =>
      line[0] === 'certificate' ? [[line[1], line[2]] as const] : [],
    )
    const problems = this.differences(certificates)
    const entries = lines.flatMap((line) => (line[0] === 'entry' ? [line[1]] : []))
    const unknown = await load.unknownEntries(entries)
    problems.push(...unknown.map(changeLost))
    await load.retry(this.used)
    const revoked = lines.flatMap((line) => (line[0] === 'revoked' ? [line[1]] : []))
    const forgotten = this.ledger.update((database) => notRevoked(database, revoked)) ?? []
    problems.push(...forgotten.map(changeLost))
    const uncounted = this.ledger.update(countProblems) ?? []
    problems.push(...uncounted.map(notLogged))
    return [...problems, ...this.usedTwice()]
  }

  private differences(certificates: Iterable<readonly [string, string]>): Problem[] {
    const { lost } = compare(this.books, certificates, this.ledger)
    const twice = this.ledger.serialsTwice.splice(0)
    return [
      ...lost.map((what): Problem => ({ harm: 'certificate lost', what })),
      ...twice.map((what): Problem => ({ harm: 'serial number twice', what })),
    ]
  }

  /** Each is told once. */
  private usedTwice(): Problem[] {
    const twice = compare(this.books, [], this.ledger).tokensTwice
    const news = twice.filter((id) => !this.knownTwice.has(id))
    for (const id of news) this.knownTwice.add(id)
    return news.map((what) => ({ harm: 'token or challenge twice', what }))
  }

  /** The certificate that a client received last has a proof that whoever has the key verifies. */
  private unproved(key: string): string[] {
    const { capstan, books } = this
    if (books.latest === undefined) return []
    const proof = join(capstan.home, 'proof.txt')
    const pem = join(capstan.home, 'latest.pem')
    writeFileSync(pem, capstan.must(['cert', 'show', books.latest, '--pem']))
    writeFileSync(proof, capstan.must(['cert', 'prove', books.latest]))
    const ran = capstan.run(['verify-proof', proof, '--key', key, '--certificate', pem])
    return ran.status === 0 ? [] : [ran.stderr]
  }

  /** Everything anew: the whole ledger against the whole books, the file, and the log replayed. */
  async audit(): Promise<Problem[]> {
    const { capstan, books } = this
    await capstan.start()
    const load = new Load(capstan, this.cluster, books, 0)
    await load.retry(this.used)
    this.used = []
    this.ledger = new LedgerFile(this.store)
    const problems: Problem[] = []
    const { issuance } = capstan.json(['status']) as { issuance: { logKey: string } }
    this.ledger.update((database) => {
      problems.push(...issuanceProblems(database, issuance.logKey).map(notLogged))
      problems.push(...wholeStoreProblems(database, this.ledger).map(damaged))
      problems.push(...notRevoked(database, books.revoked).map(changeLost))
    })
    problems.push(...this.differences(books.certificates))
    problems.push(...this.usedTwice())
    const unknown = await load.unknownEntries(books.entries)
    problems.push(...unknown.map(changeLost))
    if (!(await load.verifiesLog())) problems.push(damaged('the log does not verify'))
    problems.push(...this.unproved(issuance.logKey).map(notLogged))
    load.hangUp()
    await capstan.kill()
    const verified = capstan.run(['index', 'verify'])
    if (verified.status !== 0) problems.push(damaged(verified.stderr))
    return problems
  }
}

const notLogged = (what: string): Problem => ({ harm: 'issuance log is not of the ledger', what })
const changeLost = (what: string): Problem => ({ harm: 'change or revocation lost', what })
const damaged = (what: string): Problem => ({ harm: 'log or file damaged', what })
const ofWorkers = (what: string): Problem => ({ harm: 'worker not replaced, or left behind', what })

function notRevoked(database: Database, serials: readonly string[]): string[] {
  const find = database.prepare('SELECT 1 FROM revocation WHERE serial = ?')
  return serials.filter((serial) => find.get(serial) === undefined)
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`)

/** Worker processes; none when there is no such process. */
export function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined) return []
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
