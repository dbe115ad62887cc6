import { fork } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, 'generator.mjs')

/** The process that makes the load, seen from the bench. One job at a time. */
export class LoadProcess {
  constructor() {
    this.child = fork(program, { serialization: 'advanced' })
  }

  /** Makes tokens, CSRs and kept connections for one run. */
  prepare(load) {
    return this.ask('prepare', load)
  }

  /** Runs what was prepared: see `closedLoop`. */
  run() {
    return this.ask('run')
  }

  ask(job, load) {
    return new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`the load process ended with ${String(code)}`))
      this.child.once('exit', ended)
      this.child.once('message', ({ result, error }) => {
        this.child.off('exit', ended)
        if (error === undefined) resolve(result)
        else reject(new Error(`the load could not ${job}: ${error}`))
      })
      this.child.send({ job, load })
    })
  }

  async stop() {
    if (this.child.exitCode !== null) return
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.disconnect()
    await ended
  }
}
