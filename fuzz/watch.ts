import { Worker } from 'node:worker_threads'
import { Desk } from './engine/desk.js'
import { saveFinding } from './engine/files.js'
import type { Order, Report } from './engine/order.js'

const LOOK_EVERY_MS = 250

interface Wanted extends Omit<Order, 'desk'> {
  /** An input that has not ended after this long will not. */
  readonly hangSeconds: number
}

/**
 * Fuzzes one target in a thread, and looks after it: an input that does not end is a finding, and the
 * end of the search. Answers the last report.
 */
export function watch(wanted: Wanted, tell: (report: Report) => void): Promise<Report | undefined> {
  const desk = new Desk()
  const order: Order = { ...wanted, desk: desk.buffer }
  const worker = new Worker(new URL('./session.mjs', import.meta.url), { workerData: order })
  return new Promise((resolve, reject) => {
    let report: Report | undefined
    let turn = -1
    // Looks are counted, not time: a process that was stopped for a while makes no finding.
    let looks = 0
    const timer = setInterval(() => {
      looks += 1
      if (desk.turn !== turn || turn % 2 === 0) {
        turn = desk.turn
        looks = 0
      } else if (looks * LOOK_EVERY_MS > wanted.hangSeconds * 1000) {
        const finding = {
          kind: 'hang',
          key: 'hang',
          detail: `no end after ${wanted.hangSeconds} s`,
        } as const
        const latest = report ?? nothingYet
        const path = saveFinding(order, finding, desk.take())
        const hang = { key: finding.key, path, after: latest.executions }
        report = { ...latest, findings: [...latest.findings, hang] }
        void worker.terminate()
      }
    }, LOOK_EVERY_MS)
    worker.on('message', (latest: Report) => {
      report = latest
      tell(latest)
    })
    worker.once('error', (error) => {
      clearInterval(timer)
      reject(error)
    })
    worker.once('exit', () => {
      clearInterval(timer)
      resolve(report)
    })
  })
}

const nothingYet: Report = {
  seconds: 0,
  executions: 0,
  corpus: 0,
  features: 0,
  branches: 0,
  branchesInAll: 0,
  slowestMs: 0,
  findings: [],
}
