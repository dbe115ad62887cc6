import { X509Certificate } from 'node:crypto'
import { clearTimeout } from 'node:timers'
import { accountName, linkerdName } from '../capstan/namespace-document.mjs'
import { certifyFrame, leafOf } from './certify-message.mjs'
import { makeCsr } from './csr.mjs'
import { certify, closeSession, openSession } from './linkerd-client.mjs'
import { tokenMaker } from './service-account-token.mjs'

/** Callers that share one kept connection. */
const CALLERS_PER_CONNECTION = 16
/** linkerd2-proxy's own, for what is not loopback: TCP and TLS, and one try as a whole. */
const CONNECT_MS = 1000
const TRY_MS = 10_000

/** Proxies of `accounts` service accounts in turn, each with a CSR of a key of its own. */
export const makeProxies = ({ count, accounts }) =>
  Array.from({ length: count }, (_, at) => makeProxy(at % accounts))

/** One, of the account with that number. */
export function makeProxy(at) {
  const account = accountName(at)
  const identity = linkerdName(account)
  return { account, identity, csr: makeCsr(identity) }
}

/** What every proxy will send: with `tokens` given, those; otherwise each a fresh one of its own pod. */
export function makeFrames(proxies, { tokens, tokenKey }) {
  const make = tokenKey && tokenMaker(tokenKey)
  return proxies.map(({ account, identity, csr }, at) =>
    certifyFrame({ identity, csr, token: tokens?.[at] ?? make(account) }),
  )
}

/** Certify over connections that are open before the first call and stay. */
export async function overKeptConnections({ target, frames, inFlight }) {
  const connections = Math.ceil(inFlight / CALLERS_PER_CONNECTION)
  const sessions = []
  for (let at = 0; at < connections; at += 1) sessions.push(await openSession(target))
  return {
    async call(index, caller) {
      check(index, await certify(sessions[caller % connections], frames[index]))
    },
    close: () => Promise.all(sessions.map(closeSession)),
  }
}

/** Certify as linkerd2-proxy calls it: a new connection each time, within its own time-outs. */
export function overNewConnections({ target, frames }) {
  return {
    async call(index) {
      const session = await openSession({ ...target, timeoutMs: CONNECT_MS })
      // Destroyed, its call ends too.
      const late = setTimeout(() => session.destroy(new Error(`none in ${TRY_MS} ms`)), TRY_MS)
      try {
        const answer = await certify(session, frames[index])
        const answeredAt = performance.now()
        check(index, answer)
        return answeredAt
      } finally {
        clearTimeout(late)
        await closeSession(session)
      }
    },
    close: () => undefined,
  }
}

/** An answer is a certificate; the first of a run is read, the others cost the load too much. */
function check(index, answer) {
  if (index === 0) new X509Certificate(leafOf(answer))
  else if (answer.length < 500) throw new Error('the answer is too short for a certificate')
}
