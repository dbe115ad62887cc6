import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'

/**
 * What a TCP connection meets in front of a server. `pass`: the server. `hold`: it is accepted, and
 * nothing comes. `reset`: it is accepted and cut. `refuse`: nobody listens. `cut`: it ends in the
 * middle of what the server answers.
 */
export type Manner = 'pass' | 'hold' | 'reset' | 'refuse' | 'cut'

/** Once a client has sent so many octets, it is past the handshake: what comes back is an answer. */
const ASKED = 1000

/** A door in front of one port that can be told how to be passed, also by who is in already. */
export class Gate {
  private manner: Manner = 'pass'
  private readonly sockets = new Set<Socket>()
  private server: Server | undefined
  private readonly target: number
  port = 0

  private constructor(target: number) {
    this.target = target
  }

  static async before(target: number): Promise<Gate> {
    const gate = new Gate(target)
    await gate.listen()
    return gate
  }

  /** Connections that there are do not outlive the change. */
  async turn(manner: Manner): Promise<void> {
    this.manner = manner
    for (const socket of this.sockets) socket.destroy()
    if (manner === 'refuse') await this.close()
    else if (!this.server) await this.listen()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await this.close()
  }

  private async listen(): Promise<void> {
    const server = createServer((socket) => this.accept(socket))
    this.server = server
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
  }

  private async close(): Promise<void> {
    const { server } = this
    this.server = undefined
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  private accept(socket: Socket): void {
    this.follow(socket)
    if (this.manner === 'reset') socket.resetAndDestroy()
    if (this.manner !== 'pass' && this.manner !== 'cut') return
    const inner = connect(this.target, '127.0.0.1')
    this.follow(inner)
    socket.once('close', () => inner.destroy())
    inner.once('close', () => socket.destroy())
    let asked = 0
    socket.on('data', (chunk: Buffer) => {
      asked += chunk.length
      inner.write(chunk)
    })
    inner.on('data', (chunk: Buffer) => {
      if (socket.writableEnded) return
      const isCut = this.manner === 'cut' && asked > ASKED
      if (isCut) socket.end(chunk.subarray(0, chunk.length / 2))
      else socket.write(chunk)
    })
  }

  private follow(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.sockets.delete(socket))
  }
}
