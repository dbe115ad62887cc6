// The load, in a process of its own: told by its parent what to prepare and then what to run.
import { memoryUsage } from 'node:process'
import {
  makeFrames,
  makeProxies,
  overKeptConnections,
  overNewConnections,
} from './certify-load.mjs'
import { peerKinds } from '../peers/peer-load.mjs'
import { closedLoop } from './closed-loop.mjs'
import { handshakes } from './handshake-load.mjs'
import { overHttpConnections, overMutualTls, renewalRequests, tokenRequests } from './http-load.mjs'

/** Proxies that come again, with the CSRs they had, by the name of their population. */
const populations = new Map()
let prepared

/** How each kind of load makes what it sends, and the connections to send it over. */
const kinds = {
  'certify-kept': { frames: certifyFrames, open: overKeptConnections },
  'certify-new': { frames: certifyFrames, open: overNewConnections },
  handshake: { frames: () => undefined, open: handshakes },
  'http-token': { frames: tokenRequests, open: overHttpConnections },
  'http-renew': { frames: renewalRequests, open: overMutualTls },
  ...peerKinds,
}

function certifyFrames({ population, count, accounts, tokens, tokenKey }) {
  const proxies = populations.get(population) ?? makeProxies({ count, accounts })
  if (population) populations.set(population, proxies)
  return makeFrames(proxies.slice(0, count), { tokens, tokenKey })
}

const jobs = {
  /** Everything that can be made before the first call, connections included. */
  async prepare(load) {
    const { frames, open } = kinds[load.kind]
    prepared = { ...load, ...(await open({ ...load, frames: frames(load) })) }
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
