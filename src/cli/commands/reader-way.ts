import type { Invocation } from '../invocation.js'
import type { Outcome } from '../problem.js'
import { remoteWay } from '../remote-way.js'
import type { ReaderWay } from '../world.js'

/** Over HTTPS as an entry with the reader capability; without --server the local one. */
export async function readerWayOf(call: Invocation): Promise<Outcome<ReaderWay>> {
  const remote = await remoteWay(call)
  if (!remote.ok) return remote
  if (remote.value) return { ok: true, value: { kind: 'remote', ...remote.value } }
  const config = await call.config()
  return config.ok ? { ok: true, value: { kind: 'local', config: config.value } } : config
}
