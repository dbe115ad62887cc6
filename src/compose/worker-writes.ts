import { DependencyError } from '../core/dependency-error.js'
import type { Uid } from '../core/uid.js'
import type { InFlight } from '../issuance/in-flight.js'
import type { Command, Outcome } from '../store/sqlite/commands.js'
import { isWorkerCommand, type WorkerCommand } from './worker-messages.js'

interface Deps {
  readonly index: {
    /** Is what was decided about this entry, on an index of `size` records, decided the same now? */
    stands(entry: Uid, size: number): boolean
  }
  readonly inFlight: Pick<InFlight, 'enter' | 'leave'>
  readonly submit: (command: Command) => Promise<Outcome>
}

/**
 * Writes what the workers ask for. A worker grants on a copy of the index; here is where that is
 * compared with the index itself, in the same turn of the event loop that hands the leaf to the
 * writer, and after any change of its entry that is under way.
 */
export function workerWritesWith(
  deps: Deps,
): (batch: readonly Command[]) => Promise<readonly Outcome[]> {
  return (batch) => Promise.all(batch.map((command) => outcomeOf(deps, command)))
}

async function outcomeOf(deps: Deps, command: Command): Promise<Outcome> {
  if (!isWorkerCommand(command)) {
    return { kind: 'failed', message: 'a worker may not ask for this' }
  }
  try {
    return await write(deps, command)
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error
    // One commit can fail and its neighbour's not: each command has an outcome of its own.
    return { kind: 'failed', message: error.message.replace(`${error.dependency}: `, '') }
  }
}

async function write({ index, inFlight, submit }: Deps, command: WorkerCommand): Promise<Outcome> {
  if (command.op !== 'append' || command.entry.entry === null) return submit(command)
  const { entry } = command.entry
  for (let frozen = inFlight.enter(entry); frozen; frozen = inFlight.enter(entry)) await frozen
  try {
    if (!index.stands(entry, command.indexSize ?? 0)) return { kind: 'stale' }
    return await submit(command)
  } finally {
    inFlight.leave(entry)
  }
}
