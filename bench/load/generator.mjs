// The load, in a process of its own: told by its parent what to prepare and then what to run.
import { memoryUsage } from 'node:process'
import {
  makeFrames,
  makeProxies,
  overKeptConnections,
  overNewConnections,
} from './certify-load.mjs'
import { closedLoop } from './closed-loop.mjs'
import { handshakes } from './handshake-load.mjs'

/** Proxies that come again, with the CSRs they had, by the name of their population. */
const populations = new Map()
let prepared

const open = {
  'certify-kept': ({ target, frames, inFlight }) => overKeptConnections(target, frames, inFlight),
  'certify-new': ({ target, frames }) => overNewConnections(target, frames),
  handshake: ({ target }) => handshakes(target),
}

const frames = {
  'certify-kept': framesOf,
  'certify-new': framesOf,
  handshake: () => undefined,
}

function framesOf({ population, count, accounts, tokens, tokenKey }) {
  const proxies = populations.get(population) ?? makeProxies({ count, accounts })
  if (population) populations.set(population, proxies)
  return makeFrames(proxies.slice(0, count), { tokens, tokenKey })
}

const jobs = {
  /** Everything that can be made before the first call, connections included. */
  async prepare(load) {
    const made = { ...load, frames: frames[load.kind](load) }
    prepared = { ...load, ...(await open[load.kind](made)) }
  },
  async run() {
    const { count, inFlight, call, close } = prepared
    const before = process.cpuUsage()
    const result = await closedLoop({ count, inFlight, call })
    const { user, system } = process.cpuUsage(before)
    await close()
    prepared = undefined
    return { ...result, load_cpu_us: (user + system) / count, load_rss: memoryUsage.rss() }
  },
}

process.on('message', async ({ job, load }) => {
  try {
    process.send({ result: await jobs[job](load) })
  } catch (error) {
    process.send({ error: error.stack })
  }
})
process.once('disconnect', () => process.exit())
