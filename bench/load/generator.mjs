// The load, in a process of its own: told by its parent what to prepare and then what to run.
import { memoryUsage } from 'node:process'
import {
  makeFrames,
  makeProxies,
  makeProxy,
  overKeptConnections,
  overNewConnections,
} from './certify-load.mjs'
import { peerKinds } from '../peers/peer-load.mjs'
import { closedLoop } from './closed-loop.mjs'
import { openLoop } from './open-loop.mjs'
import { handshakes } from './handshake-load.mjs'
import { overHttpConnections, overMutualTls, renewalRequests, tokenRequests } from './http-load.mjs'

/** Proxies that come again, with the CSRs they had, by the name of their population. */
const populations = new Map()
let prepared

/** How each kind of load makes what it sends, and the connections to send it over. */
const kinds = {
  'certify-kept': { frames: certifyFrames, open: overKeptConnections },
  'certify-mixed': { frames: mixedFrames, open: overKeptConnections },
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

/** One renewal of the population, then `firsts` proxies of accounts that have no certificate yet, and again. */
function mixedFrames({ population, firsts, nextFirst, count, tokenKey }) {
  const held = populations.get(population)
  const proxies = Array.from({ length: count }, (_, at) => {
    const round = Math.floor(at / (firsts + 1))
    return at % (firsts + 1) === 0
      ? held[round % held.length]
      : makeProxy(nextFirst + at - round - 1)
  })
  return makeFrames(proxies, { tokenKey })
}

const jobs = {
  /** Everything that can be made before the first call, connections included. */
  async prepare(load) {
    const { frames, open } = kinds[load.kind]
    prepared = { ...load, ...(await open({ ...load, frames: frames(load) })) }
  },
  async run() {
    const { count, inFlight, perSecond, call, close } = prepared
    const before = process.cpuUsage()
    const result = await (perSecond === undefined
      ? closedLoop({ count, inFlight, call })
      : openLoop({ count, perSecond, call }))
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
