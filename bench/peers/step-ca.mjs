import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderPem } from '../../dist/core/pem.js'
import { makeAuthority, pkcs8 } from '../capstan/authority.mjs'
import { freePort } from '../machine/free-port.mjs'
import { builtPeer, withPeer } from './peer-process.mjs'
import { measuredPeer } from './measured-peer.mjs'

const PROVISIONER = 'bench'

/** step-ca with its default database (badger), durable, over TLS. */
const stepCa = (name, kind) => ({
  name,
  async run(context) {
    const home = join(context.folder, name)
    const { args, port, ca, provisioner } = await configured(home)
    const target = { host: '127.0.0.1', port, serverName: 'localhost', ca }
    return withPeer({ program: builtPeer('step-ca'), args, home, port }, (usage) =>
      measuredPeer(context, { name, usage, common: { kind, target, provisioner } }),
    )
  },
})

export const stepSign = stepCa('step-ca sign', 'step-sign')
export const stepRenew = stepCa('step-ca renew', 'step-renew')

async function configured(home) {
  mkdirSync(home)
  const port = await freePort()
  const { certificates, key } = await makeAuthority()
  const [issuer, ca] = certificates.map((der) => renderPem('CERTIFICATE', der))
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: PROVISIONER, alg: 'ES256', use: 'sig' }
  writeFileSync(join(home, 'root.crt'), ca)
  writeFileSync(join(home, 'issuer.crt'), issuer)
  writeFileSync(join(home, 'issuer.key'), pkcs8(key), { mode: 0o600 })
  writeFileSync(
    join(home, 'ca.json'),
    JSON.stringify({
      root: join(home, 'root.crt'),
      crt: join(home, 'issuer.crt'),
      key: join(home, 'issuer.key'),
      address: `127.0.0.1:${port}`,
      dnsNames: ['localhost', '127.0.0.1'],
      logger: { format: 'json' },
      db: { type: 'badgerv2', dataSource: join(home, 'db') },
      authority: { provisioners: [{ type: 'JWK', name: PROVISIONER, key: jwk }] },
    }),
  )
  const provisioner = {
    name: PROVISIONER,
    keyId: PROVISIONER,
    pem: pkcs8(privateKey),
    audience: `https://localhost:${port}/1.0/sign`,
  }
  return { args: [join(home, 'ca.json')], port, ca, provisioner }
}
