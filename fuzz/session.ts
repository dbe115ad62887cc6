import { parentPort, workerData } from 'node:worker_threads'
import { coverage } from './engine/coverage.js'
import { Desk } from './engine/desk.js'
import { Executor } from './engine/executor.js'
import { Fuzzer } from './engine/fuzzer.js'
import type { Order } from './engine/order.js'
import { loadTarget } from './load-target.js'

// One target in a thread of its own: when an input takes for ever, the other thread sees it.
const order = workerData as Order
const target = await loadTarget(order.target)
const executor = new Executor(order.target, target, new Desk(order.desk))
const tell = (report: unknown): void => parentPort?.postMessage(report)
const fuzzer = new Fuzzer({ target, executor, coverage, order, tell })
await fuzzer.begin()
await fuzzer.search()
await fuzzer.keep()
