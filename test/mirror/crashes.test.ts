import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { LogName } from '../../src/monitor/alarm.js'
import { owner } from '../namespace/given-index.js'
import { GivenCapstan } from '../monitor/given-capstan.js'
import { Dead, MemoryMirrorFiles } from '../support/memory-mirror-files.js'
import { codesOf, mirrored, verified } from './given-mirror.js'

/** Copies until it is killed after so many writes; undefined where it was not. */
async function killed(
  given: GivenCapstan,
  log: LogName,
  before: MemoryMirrorFiles,
  writes: number,
): Promise<MemoryMirrorFiles | undefined> {
  const files = new MemoryMirrorFiles(before.files, writes)
  try {
    expect(codesOf(await mirrored(given, log, files))).toEqual([])
    return undefined
  } catch (error) {
    if (!(error instanceof Dead)) throw error
    return new MemoryMirrorFiles(files.files)
  }
}

/** Whatever a crash left is right as far as its checkpoint, and is gone on from. */
async function isWhole(given: GivenCapstan, log: LogName, left: MemoryMirrorFiles): Promise<void> {
  const found = await verified(given, log, left)
  if (found) expect(found.alarms).toEqual([])
  expect(left.files.has('checkpoint')).toBe(found !== undefined)
  expect(codesOf(await mirrored(given, log, left))).toEqual([])
  expect(codesOf(await verified(given, log, left))).toEqual([])
  expect(left.files.has('pending')).toBe(false)
}

/** Those that the checkpoint covers; of what went before, some may be left. */
const covered = ({ files }: MemoryMirrorFiles, of: MemoryMirrorFiles): object =>
  Object.fromEntries([...of.files.keys()].map((path) => [path, files.get(path)]))

describe('a mirror that is killed between any two writes', () => {
  let given: GivenCapstan
  const stages: { readonly log: LogName; readonly before: MemoryMirrorFiles }[] = []

  beforeAll(async () => {
    given = await GivenCapstan.founded()
    const before = { index: new MemoryMirrorFiles(), issuance: new MemoryMirrorFiles() }
    const grow = async (changes: number, certificates: number): Promise<void> => {
      for (let at = 0; at < changes; at += 1) {
        const alias = `shop/e${given.store.index.records.length}`
        await given.did({ op: 'entry.create', alias, owner })
      }
      for (let at = 0; at < certificates; at += 1) await given.mustIssue()
    }
    await grow(1, 300)
    await mirrored(given, 'issuance', before.issuance)
    await mirrored(given, 'index', before.index)
    await grow(4, 500)
    stages.push(
      { log: 'index', before: before.index },
      { log: 'index', before: new MemoryMirrorFiles() },
      { log: 'issuance', before: before.issuance },
    )
  }, 120_000)

  it.each([0, 1, 2])(
    'goes on from there, stage %d',
    async (stage) => {
      const { log, before } = stages[stage]!
      const whole = new MemoryMirrorFiles(before.files)
      await mirrored(given, log, whole)
      let deaths = 0
      for (let writes = 0; ; writes += 1) {
        const left = await killed(given, log, before, writes)
        if (!left) break
        deaths += 1
        await isWhole(given, log, left)
        expect(covered(left, whole)).toEqual(covered(whole, whole))
      }
      expect(deaths).toBeGreaterThan(4)
    },
    120_000,
  )

  it('and again while it goes on, and while the log grows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(12), fc.nat(3)), { minLength: 1, maxLength: 4 }),
        async (deaths) => {
          let files = new MemoryMirrorFiles(stages[2]!.before.files)
          for (const [writes, more] of deaths) {
            files = (await killed(given, 'issuance', files, writes)) ?? files
            for (let at = 0; at < more; at += 1) await given.mustIssue()
            const found = await verified(given, 'issuance', files)
            expect(found?.alarms).toEqual([])
          }
          await isWhole(given, 'issuance', files)
        },
      ),
      { numRuns: 8 },
    )
  }, 120_000)
})
