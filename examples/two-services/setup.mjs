// Makes two entries on a running CA, with certificates, rules for each other, and bundles:
//
//   node setup.mjs FOLDER ORDERS_PORT SHOP_PORT
//
// `capstan` is called as CAPSTAN says (default: this checkout's), with its own environment, so that
// CAPSTAN_DATA_DIR says which CA; CAPSTAN_URL is its HTTPS endpoint.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, ordersPort, shopPort] = process.argv.slice(2)
const command = process.env.CAPSTAN ?? join(import.meta.dirname, '../../dist/main.js')
const url = process.env.CAPSTAN_URL ?? 'https://localhost:8443'

function capstan(...args) {
  const done = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`capstan ${args.join(' ')}: ${done.stdout}${done.stderr}`)
  return done.stdout
}

mkdirSync(join(folder, 'bundles'), { recursive: true })
const anchors = join(folder, 'bundle.pem')
capstan('bundle', '--out', anchors)

for (const name of ['orders', 'shop']) {
  const alias = `demo/${name}`
  capstan('entry', 'create', alias, '--owner', 'team-demo')
  const { token } = JSON.parse(capstan('token', 'create', alias, '--ttl', '10m', '--json'))
  const out = join(folder, name, 'identity')
  mkdirSync(join(folder, name), { recursive: true })
  capstan(
    'cert',
    'get',
    alias,
    '--server',
    url,
    '--ca-bundle',
    anchors,
    '--token',
    token,
    '--out',
    out,
  )
}
const get = (route) => ['--prefix', `GET ${route}`]
const rule = (callee, caller, port, route) =>
  capstan(
    'rules',
    'attach',
    callee,
    '--id',
    'peer',
    '--caller',
    caller,
    '--port',
    port,
    ...get(route),
  )
rule('demo/orders', 'demo/shop', ordersPort, '/orders')
rule('demo/shop', 'demo/orders', shopPort, '/notices')

const status = JSON.parse(capstan('status', '--json'))
// A day: as long as a certificate lives. Bundles are exported anew when something changes.
const trust = { indexId: status.index.id, maxAge: 86_400 }
for (const name of ['orders', 'shop']) {
  capstan('bundle', 'export', `demo/${name}`, '-o', join(folder, 'bundles', `${name}.json`))
}
for (const name of ['orders', 'shop']) {
  const { uid } = JSON.parse(capstan('entry', 'show', `demo/${name}`, '--json'))
  cpSync(join(folder, 'bundles'), join(folder, name, 'bundles'), { recursive: true })
  writeFileSync(join(folder, name, 'uid'), `${uid}\n`)
  writeFileSync(join(folder, name, 'trust.json'), `${JSON.stringify(trust, null, 2)}\n`)
}
console.log(`made ${folder}/orders and ${folder}/shop`)
