import { generateKeyPairSync } from 'node:crypto'
import { makeCsr } from './csr.mjs'
import { jsonPost, openHttpConnection } from './http-connection.mjs'

const csrText = (keys) => makeCsr(undefined, keys).toString('base64')

/** What machines send that trade a join token each, over connections that are kept. */
export const tokenRequests = ({ target, tokens }) =>
  tokens.map((token) =>
    jsonPost(target, '/v1/certificates', {
      csr: csrText(),
      evidence: { kind: 'join-token', token },
    }),
  )

/** What machines send that renew: as `capstan cert get --renew`, with a new key each time. */
export const renewalRequests = ({ target, count }) =>
  Array.from({ length: count }, () => jsonPost(target, '/v1/renew', { csr: csrText() }))

/** One connection for each caller, as HTTP/1.1 has it. */
export async function overHttpConnections({ target, inFlight, frames }) {
  const connections = []
  for (let at = 0; at < inFlight; at += 1) connections.push(await openHttpConnection(target))
  return posting(connections, frames)
}

/** The same, every caller a machine that shows a certificate of its own: `tokens` has one for each. */
export async function overMutualTls({ target, tokens, frames }) {
  const enrolling = await openHttpConnection(target)
  const connections = []
  for (const token of tokens) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const csr = csrText({ publicKey, privateKey })
    const evidence = { kind: 'join-token', token }
    const body = created(
      await enrolling.post(jsonPost(target, '/v1/certificates', { csr, evidence })),
    )
    const { certificate, chain } = JSON.parse(body.toString())
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
    connections.push(
      await openHttpConnection({ ...target, key, cert: certificate + chain.join('') }),
    )
  }
  await enrolling.close()
  return posting(connections, frames)
}

/** A load of whole requests, each caller on its connection. */
export const posting = (connections, frames) => ({
  async call(index, caller) {
    created(await connections[caller].post(frames[index]))
  },
  close: () => Promise.all(connections.map(({ close }) => close())),
})

/** The body of an answer that a certificate was made; throws for any other. */
export function created({ status, body }) {
  if (status === 200 || status === 201) return body
  throw new Error(`HTTP ${status} ${body.toString().slice(0, 300)}`)
}
