import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import SqliteDatabase from 'better-sqlite3'
import type { CapstanProcess } from '../support/capstan-process.js'
import { armed, type Draw, type Point } from './points.js'
import type { Outcome, Problem } from './round.js'

const ROWS = 2000

const damaged = (what: string): Problem => ({ harm: 'log or file damaged', what })

/** A data folder of its own, whose store gets one migration more in each round. */
export class Migrating {
  private readonly capstan: CapstanProcess
  private readonly disk: string
  private readonly marker: string
  private count: number

  constructor(capstan: CapstanProcess, disk: string) {
    this.capstan = capstan
    this.disk = disk
    this.marker = join(capstan.home, 'died')
    this.count = this.tables().length
  }

  /** Dies while it migrates; the next start finishes that, or does it all. */
  async round(point: Point, draw: Draw): Promise<Outcome> {
    const { capstan } = this
    this.count += 1
    rmSync(this.marker, { force: true })
    const how = armed(point, draw, { disk: this.disk, marker: this.marker, workers: 1 })
    const env = { ...how.env, CAPSTAN_CRASH_MIGRATIONS: String(this.count) }
    capstan.launch({ ...how, env })
    await capstan.becomesReady()
    await capstan.kill()
    const reached = existsSync(this.marker)
    const problems = this.halfDone()
    // The marker is there: nothing dies a second time.
    capstan.launch({ ...how, env })
    if (!(await capstan.becomesReady())) {
      problems.push({ harm: 'not started again by itself', what: capstan.log.slice(-600) })
    } else if (this.tables().length !== this.count) {
      problems.push(damaged(`${this.tables().length} of ${this.count} migrations were made`))
    }
    await capstan.kill()
    return { reached, problems: [...problems, ...this.halfDone()] }
  }

  /** Each is there with all of its rows, or not at all, and the version says which. */
  private halfDone(): Problem[] {
    return this.tables()
      .filter(({ rows }) => rows !== ROWS)
      .map(({ name, rows }) => damaged(`${name} has ${rows} of ${ROWS} rows`))
  }

  private tables(): { name: string; rows: number }[] {
    const database = new SqliteDatabase(join(this.capstan.data, 'capstan.db'))
    try {
      const names = database
        .prepare<[], { name: string }>(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'crash_*'",
        )
        .all()
      return names.map(({ name }) => ({
        name,
        rows:
          database.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${name}`).get()?.n ?? 0,
      }))
    } finally {
      database.close()
    }
  }
}
