import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { stages } from '../../src/issuance/issue-leaf.js'
import { StageHistogram } from '../../src/server/stage-histogram.js'

const observation = fc.record({
  stage: fc.constantFrom(...stages),
  seconds: fc.oneof(
    fc.constantFrom(0, 0.0001, 0.00010001, 0.5, 10, 11),
    fc.integer({ min: 0, max: 20_000 }).map((ms) => ms / 1000),
  ),
})

/** The lines of one metric, sorted: prom-client prints labels in the order of their first use. */
async function linesOf(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).trim().split('\n').sort()
}

it("prints what prom-client's own histogram prints", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 40 }), async (observations) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const stageHistogram = new StageHistogram()
      ours.registerMetric(stageHistogram.asMetric())
      const { metrics: _, ...shape } = await readShape(stageHistogram)
      const oracle = new Histogram({
        ...shape,
        labelNames: ['stage'],
        registers: [theirs],
      })
      for (const { stage, seconds } of observations) {
        stageHistogram.observe(stage, seconds)
        oracle.observe({ stage }, seconds)
      }
      expect(await linesOf(ours)).toEqual(await linesOf(theirs))
    }),
    { numRuns: 50 },
  )
})

/** Name, help and bounds, read from the histogram itself. */
async function readShape(histogram: StageHistogram) {
  const probe = new StageHistogram()
  probe.observe('sign', 1)
  const { values } = await probe.get()
  const buckets = values.flatMap(({ labels: { le } }) => (typeof le === 'number' ? [le] : []))
  return { name: histogram.name, help: histogram.help, buckets, metrics: values }
}
