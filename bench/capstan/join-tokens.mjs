import { Agent, request } from 'node:http'
import { accountName, NAMESPACE } from './namespace-document.mjs'

const IN_FLIGHT = 64
const TTL_SECONDS = 3600

/** Makes `count` join tokens over the operators' socket, for `accounts` entries in turn. */
export async function makeJoinTokens(capstan, { count, accounts }) {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
  const tokens = []
  let next = 0
  async function make() {
    while (next < count) {
      const alias = `${NAMESPACE}/${accountName(next++ % accounts)}`
      tokens.push(await makeToken({ agent, socketPath: capstan.socket }, alias))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, make))
  agent.destroy()
  return tokens
}

function makeToken(connection, alias) {
  const body = JSON.stringify({ alias, ttlSeconds: TTL_SECONDS })
  const headers = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    const asked = request({ ...connection, method: 'POST', path: '/v1/tokens', headers })
    asked.once('error', reject)
    asked.once('response', async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      if (response.statusCode === 201) resolve(JSON.parse(text).token)
      else reject(new Error(`no join token: HTTP ${response.statusCode} ${text.slice(0, 300)}`))
    })
    asked.end(body)
  })
}
