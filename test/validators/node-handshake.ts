import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { renderPem } from '../../src/core/pem.js'
import { type Job, refuses, TAKES, type Validator, type Verdict } from './validator.js'

/**
 * Node as whoever is shown the certificate, in a real TLS 1.3 handshake: the client of a server that
 * shows it, or the server of a client that does. The other side takes everything.
 */
export const node: Validator = {
  name: 'Node',
  prepare: () => Promise.resolve(`Node ${process.version}, OpenSSL ${process.versions.openssl}`),
  async judge(jobs) {
    const verdicts: Verdict[] = []
    for (const job of jobs) verdicts.push(await handshake(job))
    return verdicts
  },
}

async function handshake({ purpose, name, trustAnchor, certificates, key }: Job): Promise<Verdict> {
  const shown = {
    cert: certificates.map((der) => renderPem('CERTIFICATE', der)).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }),
  }
  const trusts = { ca: renderPem('CERTIFICATE', trustAnchor), rejectUnauthorized: true }
  const isServer = purpose === 'server'
  const server = createServer({
    ...shown,
    minVersion: 'TLSv1.3',
    ...(isServer ? {} : { ...trusts, requestCert: true }),
  })
  const judgedByServer = new Promise<Verdict>((resolve) => {
    server.once('secureConnection', () => resolve(TAKES))
    server.once('tlsClientError', (error: Error, socket: TLSSocket) => {
      // A code for what its path validation found, or else OpenSSL's own words.
      const why: unknown = socket.authorizationError
      resolve(refuses(typeof why === 'string' ? why : error.message.trim()))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    servername: name,
    ...(isServer ? trusts : { ...shown, rejectUnauthorized: false }),
  })
  try {
    return await (isServer ? judgedByClient(client) : judgedByServer)
  } finally {
    client.destroy()
    server.close()
  }
}

function judgedByClient(client: TLSSocket): Promise<Verdict> {
  return new Promise((resolve) => {
    client.once('secureConnect', () => resolve(TAKES))
    client.once('error', (error: Error) => resolve(refuses(error.message)))
  })
}
