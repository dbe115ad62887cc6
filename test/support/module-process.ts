import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Another Node process that runs the text of a module; what it prints is read line by line. */
export class ModuleProcess {
  private readonly directory = mkdtempSync(join(tmpdir(), 'capstan-process-'))
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private readonly exited: Promise<unknown>
  private complaints = ''

  /** `shell` may limit the process before Node takes its place: `ulimit -f 500`. */
  constructor(source: string, shell = ':') {
    // A file, not --eval: a thread inherits Node's own arguments, and would not start with that one.
    const file = join(this.directory, 'main.mjs')
    writeFileSync(file, source)
    const child = spawn('sh', ['-c', `${shell}; exec "$0" "$1"`, process.execPath, file], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.child = child
    this.exited = once(child, 'exit')
    child.stderr.on('data', (chunk: Buffer) => {
      this.complaints += chunk.toString()
    })
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  async line(): Promise<string> {
    const next = await this.lines.next()
    if (next.done === true) throw new Error(`the process has ended: ${this.complaints}`)
    return next.value
  }

  /** Everything that it still prints. */
  async rest(): Promise<string[]> {
    const lines: string[] = []
    for (let next = await this.lines.next(); next.done !== true; next = await this.lines.next()) {
      lines.push(next.value)
    }
    return lines
  }

  /** SIGKILL: it gets no chance to tidy up. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
