import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export interface Judgement {
  readonly judged: number
  /** The vectors that are not judged as they say. */
  readonly wrong: readonly string[]
}

/** What a program of this folder says of the vectors in another. */
export function judgedByPython(program: string, vectors: string): Judgement {
  const path = join(import.meta.dirname, program)
  const done = spawnSync('python3', ['-B', path, vectors], { encoding: 'utf8' })
  if (done.error) throw new Error(`this test wants python3 on the PATH: ${done.error.message}`)
  if (done.stdout === '') throw new Error(`python3 ${program}: ${done.stderr}`)
  return JSON.parse(done.stdout) as Judgement
}
