import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { renderPem } from '../../dist/core/pem.js'
import { makeAuthority, makeServerCertificate, pkcs8 } from '../capstan/authority.mjs'
import { freePort } from '../machine/free-port.mjs'
import { measuredPeer } from './measured-peer.mjs'
import { builtPeer, withPeer } from './peer-process.mjs'

/** cfssl's signing API over TLS; it asks for no evidence. */
const cfssl = (name, hasDatabase) => ({
  name,
  async run(context) {
    const home = join(context.folder, name.replaceAll(' ', '-'))
    const { args, port, ca } = await configured(home, hasDatabase)
    const target = { host: '127.0.0.1', port, serverName: 'localhost', ca }
    return withPeer({ program: builtPeer('cfssl'), args, home, port }, (usage) =>
      measuredPeer(context, { name, usage, common: { kind: 'cfssl-sign', target } }),
    )
  },
})

export const cfsslSign = cfssl('cfssl sign', false)
export const cfsslSignSqlite = cfssl('cfssl sign, SQLite', true)

async function configured(home, hasDatabase) {
  mkdirSync(home)
  const port = await freePort()
  const authority = await makeAuthority()
  const server = await makeServerCertificate(authority, [{ kind: 'dns', value: 'localhost' }])
  const file = (name, text) => {
    writeFileSync(join(home, name), text, { mode: 0o600 })
    return join(home, name)
  }
  const usages = ['digital signature', 'server auth', 'client auth']
  const config = { signing: { default: { usages, expiry: '24h' } } }
  const args = [
    'serve',
    ...['-address', '127.0.0.1', '-port', String(port), '-loglevel', '1'],
    ...['-ca', file('ca.pem', renderPem('CERTIFICATE', authority.certificates[0]))],
    ...['-ca-key', file('ca.key', pkcs8(authority.key))],
    ...['-tls-cert', file('tls.pem', server.chain), '-tls-key', file('tls.key', server.key)],
    ...['-config', file('config.json', JSON.stringify(config))],
    ...(hasDatabase ? ['-db-config', file('db.json', JSON.stringify(database(home)))] : []),
  ]
  return { args, port, ca: server.ca }
}

/** The tables that cfssl's migrations make (certdb/sqlite/migrations). */
function database(home) {
  const path = join(home, 'certs.db')
  const made = new Database(path)
  made.exec(`CREATE TABLE certificates (
    serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob,
    status blob NOT NULL, reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL,
    issued_at timestamp, not_before timestamp, metadata text, sans text, common_name text,
    PRIMARY KEY (serial_number, authority_key_identifier))`)
  made.close()
  // Its default of five seconds is not enough for a busy machine: "database is locked".
  return { driver: 'sqlite3', data_source: `file:${path}?_busy_timeout=60000` }
}
