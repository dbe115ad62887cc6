import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Answer, Order } from './protocol.js'

const TICK = 250

/** A process in the mutated copy that runs tests. */
export class WorkerProcess {
  private readonly child: ChildProcess

  constructor(home: string) {
    const stdio = process.env['MUTATION_DEBUG'] === undefined ? 'ignore' : 'inherit'
    this.child = fork(join(home, 'test/mutation/worker.js'), {
      cwd: home,
      stdio: ['ignore', stdio, stdio, 'ipc'],
      execArgv: ['--no-warnings', '--experimental-vm-modules'],
    })
  }

  /**
   * Its answer; `died`, or `hung` after `ms` of work. Ticks are counted, not time: when the machine
   * is stopped for a minute, nobody has hung for a minute.
   */
  ask(order: Order, ms: number): Promise<Answer | 'died' | 'hung'> {
    return new Promise((resolve) => {
      let ticks = 0
      const finish = (answer: Answer | 'died' | 'hung'): void => {
        clearInterval(timer)
        this.child.removeAllListeners()
        resolve(answer)
      }
      const timer = setInterval(() => {
        ticks += 1
        if (ticks * TICK > ms) finish('hung')
      }, TICK)
      this.child.once('message', (answer) => finish(answer as Answer))
      this.child.once('exit', () => finish('died'))
      this.child.once('error', () => finish('died'))
      this.child.send(order, (error) => {
        if (error) finish('died')
      })
    })
  }

  end(): void {
    this.child.kill('SIGKILL')
  }
}

/** Does `work` for each item, so many at a time, in order. */
export async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  const rest = [...items]
  const lane = async (number: number): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item, number)
  }
  await Promise.all(Array.from({ length: atOnce }, (_, number) => lane(number)))
}
