// One call as one service to another: node call.mjs FOLDER UID PORT PATH [METHOD]
// It talks to nobody but the entry with this uid, and prints status and answer.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'

const [folder, uid, port, path, method = 'GET'] = process.argv.slice(2)
const read = (name) => readFileSync(join(folder, 'identity', name))

request(
  {
    ...{ host: '127.0.0.1', port, path, method, minVersion: 'TLSv1.3' },
    ...{ key: read('key.pem'), cert: read('cert.pem'), ca: read('bundle.pem') },
    // The chain is verified as ever; instead of a host name it is the entry that must be the right one.
    checkServerIdentity: (_, { subject }) =>
      subject?.UID === uid ? undefined : new Error(`this is not ${uid}`),
  },
  (response) => {
    const parts = []
    response.on('data', (part) => parts.push(part))
    response.on('end', () =>
      console.log(response.statusCode, Buffer.concat(parts).toString().trim()),
    )
  },
)
  .on('error', (error) => {
    console.error(error.message)
    process.exitCode = 1
  })
  .end()
