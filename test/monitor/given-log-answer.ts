import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Result } from '../../src/core/result.js'
import { type VerifiedLog, verifyLogAnswer } from '../../src/monitor/verify-log-answer.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { openShownIndex } from '../../src/store/open-shown-index.js'
import type { NoteSigner } from '../../src/tlog/ports.js'
import { formatHeader, formatRecordLine } from '../../src/verify/log-answer.js'
import type { LogQuestion } from '../../src/verify/log-question.js'
import type { VerifyOptions } from '../../src/verify/verify-bundle.js'
import type { GivenIndex } from '../namespace/given-index.js'
import { LOG } from '../verify/given-bundle.js'
import { noteOf } from './forged.js'

/** What whoever makes a file may put into it. */
export interface Made {
  readonly question: LogQuestion
  readonly records: readonly StoredRecord[]
  readonly index: string
  readonly signer: NoteSigner
  /** Root of the state that the checkpoint signs; `none`: it signs none. */
  readonly state: Uint8Array | 'none'
  /** In the place of the one that is signed of these records. */
  readonly note: string
}

/** An answer with the log of an index in memory. */
export async function logAnswer(given: GivenIndex, made: Partial<Made> = {}): Promise<Buffer> {
  const { index, store, clock } = given
  const { records = store.records, signer = LOG, state = store.map.root.hash } = made
  const octets = records.map(({ bytes }) => bytes)
  const note = made.note ?? (await noteOf(signer, octets, state === 'none' ? undefined : state))
  const question = made.question ?? { ask: 'inbox', at: clock.now() }
  const header = {
    v: 1,
    index: made.index ?? index.state.index,
    checkpoint: note,
    question,
  } as const
  return Buffer.from(formatHeader(header) + records.map(formatRecordLine).join(''))
}

/** Verifies a file that comes in such pieces, by the key of `LOG` unless said. */
export async function verified(
  given: GivenIndex,
  file: Uint8Array | readonly Uint8Array[],
  options: Partial<VerifyOptions> = {},
): Promise<Result<VerifiedLog>> {
  const home = mkdtempSync(join(tmpdir(), 'capstan-log-answer-'))
  try {
    await using into = openShownIndex(join(home, 'log'))
    const pieces = file instanceof Uint8Array ? [file] : file
    return await verifyLogAnswer(
      piecewise(pieces),
      into,
      { indexId: given.index.state.index, logKey: LOG.key, now: given.clock.now(), ...options },
      () => undefined,
    )
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a file comes so
async function* piecewise(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}
