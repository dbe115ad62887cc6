import { diskOperations } from './enrol/folder-operations.js'
import { IdentityFolder } from './enrol/identity-folder.js'
import { parseBundle } from './enrol/trust-anchors.js'
import { type Outcome, usage } from './problem.js'
import { parseServer } from './server-url.js'
import type { RemoteWay } from './world.js'

/** What a command line says, and the files that it names. */
interface Said {
  text(option: string): string | undefined
  path(name: string): string
  file(name: string): Promise<Outcome<Buffer>>
}

/** Where `--server` is, and who asks it; undefined without it. */
export async function remoteWay(said: Said): Promise<Outcome<RemoteWay | undefined>> {
  const server = parseServer(said.text('server'))
  if (!server.ok) return server
  const [folder, file] = [said.text('identity'), said.text('caBundle')]
  if (server.value === undefined) {
    if (folder === undefined && file === undefined) return { ok: true, value: undefined }
    return usage('--identity and --ca-bundle go with --server')
  }
  if (folder === undefined) {
    return usage('who asks? A server answers entries that may read', {
      wanted: '--identity FOLDER',
      next: 'capstan cert get ALIAS --server URL --out FOLDER --renew keeps such a folder',
    })
  }
  const octets = file === undefined ? undefined : await said.file(file)
  if (octets?.ok === false) return octets
  const bundle = octets && parseBundle(octets.value.toString('utf8'), file ?? '')
  if (bundle?.ok === false) return bundle
  const identity = new IdentityFolder(said.path(folder), diskOperations)
  const first = await identity.read()
  if (!first.ok) return first
  if (!first.value) {
    return usage(`${folder} holds no identity`, { wanted: 'what capstan cert get --out made' })
  }
  let latest = first.value
  const trust: RemoteWay['trust'] = async () => {
    // It is renewed beside this process; while it cannot be read, the one before will do.
    const stored = await identity.read()
    if (stored.ok && stored.value) latest = stored.value
    const { keyPem, certPem, bundlePem } = latest
    return { ca: bundle?.value ?? bundlePem, cert: certPem, key: keyPem }
  }
  return { ok: true, value: { server: server.value, trust } }
}
