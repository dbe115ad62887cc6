import { fork } from 'node:child_process'
import { join } from 'node:path'
import { endsWithUs } from '../machine/ends-with-us.mjs'
import { usageOf } from '../machine/process-usage.mjs'
import { measureRow } from '../measure-row.mjs'
import { eachConcurrency, warmUp } from './certify.mjs'
import { ACCOUNTS, withCapstan, withLoad } from './given-capstan.mjs'

const WARM_UP = { quick: 1000, default: 3000 }
const CONNECTIONS = {
  quick: { 1: 500, 16: 2000, 128: 2000 },
  default: { 1: 2000, 16: 10_000, 128: 10_000 },
}

/** What a bare `node:tls` server pays for a handshake: the floor of the two rows below. */
export const handshake = {
  name: 'handshake',
  run: (context) =>
    withLoad((load) =>
      withHandshakeServer(async (server) => {
        const common = { target: server.target, kind: 'handshake' }
        await warmUp(load, { ...common, count: WARM_UP[context.size] })
        return eachConcurrency(context, CONNECTIONS, ({ count, inFlight }) =>
          measureRow({
            name: 'handshake',
            load,
            spec: { ...common, count, inFlight },
            usage: () => usageOf(server.pid),
          }),
        )
      }),
    ),
}

/** Proxies that start: each a new connection, one Certify with a new CSR, and closed. */
export const coldStart = {
  name: 'cold-start',
  run: (context) =>
    withCapstan({ ...context, name: 'cold-start' }, async ({ capstan, load, tokenKey }) => {
      const common = { target: capstan.linkerd, accounts: ACCOUNTS, tokenKey, kind: 'certify-new' }
      await warmUp(load, { ...common, count: WARM_UP[context.size] })
      return eachConcurrency(context, CONNECTIONS, ({ count, inFlight }) =>
        measureRow({
          name: 'cold-start',
          load,
          spec: { ...common, count, inFlight, countFailures: true },
          usage: () => capstan.usage(),
        }),
      )
    }),
}

/** The same proxies later: their CSRs again, again on a new connection each. */
export const steadyState = {
  name: 'steady-state',
  run: (context) =>
    withCapstan({ ...context, name: 'steady-state' }, async ({ capstan, load, tokenKey }) => {
      const population = 'mesh'
      const common = { target: capstan.linkerd, accounts: ACCOUNTS, tokenKey, population }
      const largest = Math.max(...Object.values(CONNECTIONS[context.size]))
      await warmUp(load, { ...common, kind: 'certify-kept', count: largest })
      await warmUp(load, { ...common, kind: 'certify-new', count: WARM_UP[context.size] })
      return eachConcurrency(context, CONNECTIONS, ({ count, inFlight }) =>
        measureRow({
          name: 'steady-state',
          load,
          spec: { ...common, kind: 'certify-new', count, inFlight, countFailures: true },
          usage: () => capstan.usage(),
        }),
      )
    }),
}

async function withHandshakeServer(use) {
  const child = endsWithUs(fork(join(import.meta.dirname, '../load/handshake-server.mjs')))
  try {
    const target = await new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', () => reject(new Error('the handshake server did not start')))
    })
    return await use({ pid: child.pid, target })
  } finally {
    child.kill('SIGTERM')
  }
}
