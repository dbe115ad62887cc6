import type { OptionSpec } from '../command.js'
import { diskOperations } from '../enrol/folder-operations.js'
import { IdentityFolder } from '../enrol/identity-folder.js'
import { parseBundle } from '../enrol/trust-anchors.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, usage } from '../problem.js'
import { parseServer } from '../server-url.js'
import type { ReaderWay } from '../world.js'

/** Whose logs are read, and by whom. */
export const readerWayOptions: readonly OptionSpec[] = [
  { flags: '--server <url>', description: 'https://HOST:PORT (default: the local one)' },
  {
    flags: '--identity <folder>',
    description: 'who asks: a folder of `capstan cert get --renew`, of an entry that may read',
  },
  {
    flags: '--ca-bundle <file>',
    description: 'trust anchors to know the server by (default: those of the identity)',
  },
]

/** Over HTTPS as an entry with the reader capability; without --server the local one. */
export async function readerWayOf(call: Invocation): Promise<Outcome<ReaderWay>> {
  const server = parseServer(call.text('server'))
  if (!server.ok) return server
  const [folder, file] = [call.text('identity'), call.text('caBundle')]
  if (server.value === undefined) {
    if (folder !== undefined || file !== undefined) {
      return usage('--identity and --ca-bundle go with --server')
    }
    const config = await call.config()
    return config.ok ? { ok: true, value: { kind: 'local', config: config.value } } : config
  }
  if (folder === undefined) {
    return usage('who asks? Logs are read by entries with the reader capability', {
      wanted: '--identity FOLDER',
      next: 'capstan cert get ALIAS --server URL --out FOLDER --renew keeps such a folder',
    })
  }
  const octets = file === undefined ? undefined : await call.file(file)
  if (octets?.ok === false) return octets
  const bundle = octets && parseBundle(octets.value.toString('utf8'), file ?? '')
  if (bundle?.ok === false) return bundle
  const identity = new IdentityFolder(call.path(folder), diskOperations)
  const first = await identity.read()
  if (!first.ok) return first
  if (!first.value) {
    return usage(`${folder} holds no identity`, { wanted: 'what capstan cert get --out made' })
  }
  let latest = first.value
  const trust = async () => {
    // It is renewed beside this process; while it cannot be read, the one before will do.
    const stored = await identity.read()
    if (stored.ok && stored.value) latest = stored.value
    const { keyPem, certPem, bundlePem } = latest
    return { ca: bundle?.value ?? bundlePem, cert: certPem, key: keyPem }
  }
  return { ok: true, value: { kind: 'remote', server: server.value, trust } }
}
