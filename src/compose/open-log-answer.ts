import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenLogAnswer, ShownProgress } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, type Result } from '../core/result.js'
import { verifyLogAnswer } from '../monitor/verify-log-answer.js'
import type { Pace } from '../namespace/ports.js'
import type { ServerLog } from '../server/grpc/log.js'
import { openShownIndex } from '../store/open-shown-index.js'
import type { VerifyOptions } from '../verify/verify-bundle.js'
import { LongWork } from './long-work.js'
import { privateOperator } from './private-operator.js'
import type { Ambient } from './serve.js'
import { shownIndexOperations } from './shown-index-operations.js'

/**
 * Verifies an answer with its log, and answers questions about what it comes to as a server does, from
 * tables in a folder of its own that is gone when this is disposed of.
 */
export async function openLogAnswer(
  pieces: AsyncIterable<Uint8Array>,
  options: VerifyOptions,
  progress: (progress: ShownProgress) => void,
  { random, signal, log }: Pick<Ambient, 'random' | 'signal'> & { readonly log: ServerLog },
): Promise<Result<OpenLogAnswer>> {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-'))
  const opened: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })]
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  let kept = false
  try {
    const shown = openShownIndex(join(directory, 'log'))
    opened.push(() => Promise.resolve(shown[Symbol.asyncDispose]()))
    const pace = paceOf(progress, signal)
    const proved = await verifyLogAnswer(pieces, shown, options, pace)
    if (!proved.ok) return proved
    const { at } = proved.value.question
    const operations = shownIndexOperations({
      ...{ shown, pace, logKey: proved.value.logKey },
      clock: { now: () => at },
    })
    const operator = await privateOperator({ operations, directory, random, log })
    opened.push(() => operator.close())
    kept = true
    return ok({ proved: proved.value, operator, [Symbol.asyncDispose]: closeAll })
  } finally {
    if (!kept) await closeAll()
  }
}

/** Gives signals their turn, and obeys them. */
function paceOf(report: (progress: ShownProgress) => void, signal: AbortSignal): Pace {
  const work = new LongWork(report)
  return (progress) => {
    if (signal.aborted) throw new DependencyError('verification', 'it was stopped')
    return work.pace(progress)
  }
}
