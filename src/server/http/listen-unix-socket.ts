import { lstat, mkdir, stat, unlink } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { dirname, resolve } from 'node:path'
import { DependencyError } from '../../core/dependency-error.js'
import { type HttpLimits, type HttpListener, openListener, serverOptions } from './listener.js'

export interface UnixSocketOptions {
  readonly path: string
  readonly app: RequestListener
  readonly limits: HttpLimits
  readonly newRequestId: () => string
}

/** sun_path holds 108 octets and its final zero on Linux; Node cuts a longer path short without a word. */
const MAX_PATH_OCTETS = 107

/**
 * The API for whoever may open this socket: its owner. A directory that does not exist is made for
 * the owner alone; one where others may write is refused, for they could put their own socket there.
 */
export async function listenUnixSocket(options: UnixSocketOptions): Promise<HttpListener> {
  const path = resolve(options.path)
  if (Buffer.byteLength(path) > MAX_PATH_OCTETS) {
    throw new DependencyError('unix socket', `its path is longer than ${MAX_PATH_OCTETS} octets`)
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await refuseSharedDirectory(dirname(path))
  await removeStaleSocket(path)
  const server = createServer(serverOptions(options.limits), options.app)
  // The kernel makes the socket with the mode that the mask leaves: there is no moment at which
  // others may open it. Binding happens before `openListener` first waits.
  const mask = process.umask(0o177)
  try {
    const opening = openListener(server, { name: 'unix socket', path }, options)
    process.umask(mask)
    return await opening
  } finally {
    process.umask(mask)
  }
}

async function refuseSharedDirectory(directory: string): Promise<void> {
  const { mode, uid } = await stat(directory)
  const own = uid === process.getuid?.() || uid === 0
  if (own && (mode & 0o022) === 0) return
  throw new DependencyError('unix socket', `others may write in ${directory}: chmod 700 it`)
}

/** Removes what a process that is gone has left; never a socket that answers, never another file. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) return
  if (!found.isSocket()) {
    throw new DependencyError('unix socket', `${path} exists and is no socket`)
  }
  if ((await probe(path)) === 'served') {
    throw new DependencyError('unix socket', `another process serves ${path}`)
  }
  await unlink(path)
}

function probe(path: string): Promise<'served' | 'stale'> {
  return new Promise((settle, fail) => {
    const connection = connect({ path })
    connection.once('connect', () => {
      connection.destroy()
      settle('served')
    })
    connection.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') settle('stale')
      else fail(new DependencyError('unix socket', `cannot tell whether ${path} is in use`, error))
    })
  })
}
