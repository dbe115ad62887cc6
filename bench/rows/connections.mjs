import { fork } from 'node:child_process'
import { join } from 'node:path'
import { CLUSTER, NAMESPACE } from '../capstan/namespace-document.mjs'
import { makeTokenKey } from '../load/service-account-token.mjs'
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
      withServer('handshake-server', async (server) => {
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

/** Calls that a bare `node:http2` server answers, each with the same octets: the floor of `certify-*`. */
export const emptyCall = emptyRow('empty-call', 'certify-kept')

/** The same, a new connection each: the floor of the two rows below. */
export const emptyConnection = emptyRow('empty-connection', 'certify-new')

function emptyRow(name, kind) {
  return {
    name,
    run: (context) =>
      withLoad((load) =>
        withServer('empty-server', async (server) => {
          const { pem } = makeTokenKey()
          const tokenKey = { pem, issuer: CLUSTER.issuer, audience: CLUSTER.audience }
          const named = { ...tokenKey, namespace: NAMESPACE }
          const common = { target: server.target, accounts: ACCOUNTS, tokenKey: named, kind }
          await warmUp(load, { ...common, count: WARM_UP[context.size] })
          return eachConcurrency(context, CONNECTIONS, ({ count, inFlight }) =>
            measureRow({
              name,
              load,
              spec: { ...common, count, inFlight },
              usage: () => usageOf(server.pid),
            }),
          )
        }),
      ),
  }
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

async function withServer(name, use) {
  const child = endsWithUs(fork(join(import.meta.dirname, `../load/${name}.mjs`)))
  try {
    const target = await new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', () => reject(new Error(`${name} did not start`)))
    })
    return await use({ pid: child.pid, target })
  } finally {
    child.kill('SIGTERM')
  }
}
