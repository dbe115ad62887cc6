// A service that admits its callers by bundles: no control plane is asked, and none needs to run.
//
//   node service.mjs FOLDER PORT
//
// FOLDER is what setup.mjs makes: identity/ (as `capstan cert get` writes it), bundles/*.json, and
// trust.json. A GET to this service is answered 200 where the caller may make it, and 403 otherwise.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { permit, verifyBundle } from 'capstan/verify'

const [folder, portText] = process.argv.slice(2)
const port = Number(portText)
const read = (...path) => readFileSync(join(folder, ...path))

/** Every entry that there is a bundle of, verified, by its uid. */
function loadEntries() {
  const { indexId, maxAge } = JSON.parse(read('trust.json'))
  const entries = new Map()
  for (const name of readdirSync(join(folder, 'bundles'))) {
    const found = verifyBundle(read('bundles', name), { indexId, maxAge, now: new Date() })
    if (!found.ok) {
      console.error(`${name}: ${found.refusal.code}: ${found.refusal.detail}`)
      continue
    }
    // Of two bundles of one entry the one of the longer log: what was taken away since stays away.
    const { uid } = found.value.entry
    const known = entries.get(uid)
    if (!known || known.size < found.value.size) entries.set(uid, found.value)
  }
  return entries
}

const entries = loadEntries()
const identity = { key: read('identity', 'key.pem'), cert: read('identity', 'cert.pem') }
const ca = read('identity', 'bundle.pem')
const self = entries.get(read('uid').toString().trim())
if (!self) throw new Error('there is no bundle of this service')

/** Who is at the other end, by the certificate that TLS has verified: its subject is the entry's uid. */
const callerOf = (socket) => entries.get(socket.getPeerCertificate().subject?.UID)

createServer({ ...identity, ca, requestCert: true, minVersion: 'TLSv1.3' }, (request, response) => {
  const caller = callerOf(request.socket)
  const { method, url: path, headers } = request
  const decision = caller && permit(caller, self, { port, method, path, headers, now: new Date() })
  const answer = (status, text) => response.writeHead(status).end(`${text}\n`)
  if (!decision) return answer(403, 'there is no bundle of you here')
  if (!decision.ok) return answer(403, `${decision.refusal.code}: ${decision.refusal.detail}`)
  if (!decision.value.allowed) return answer(403, decision.value.detail)
  return answer(200, `hello ${caller.entry.alias}, by rule ${decision.value.rule.id}`)
}).listen(port, '127.0.0.1', () => console.log(`${self.entry.alias} serves on ${port}`))
