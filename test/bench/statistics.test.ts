import { describe, expect, it } from '@jest/globals'
import { median, quantile, slope, studentT } from '../../bench/statistics.mjs'

const hundred = Array.from({ length: 100 }, (_, at) => 100 - at)

describe('a quantile', () => {
  it('is a value that was seen, by nearest rank', () => {
    expect(quantile(hundred, 0.5)).toBe(50)
    expect(quantile(hundred, 0.99)).toBe(99)
    expect(quantile(hundred, 1)).toBe(100)
    expect(quantile(hundred, 0)).toBe(1)
    expect(median([3, 1, 2])).toBe(2)
  })

  it('orders numbers as numbers', () => expect(quantile([9, 10, 100], 1)).toBe(100))

  it('of nothing is not a number', () => expect(quantile([], 0.5)).toBeNaN())
})

describe('a slope', () => {
  it('is exact for a line', () => {
    const line = Array.from({ length: 10 }, (_, x) => [x, 3 + 2 * x] as const)
    const { slope: perX, holdsZero } = slope(line)
    expect(perX).toBeCloseTo(2)
    expect(holdsZero).toBe(false)
  })

  it('of noise around a level is indistinguishable from zero', () => {
    const noise = [1, -2, 2, -1, 0, 1, -1, 2, -2, 0].map((y, x) => [x, 100 + y] as const)
    expect(slope(noise).holdsZero).toBe(true)
  })

  // x = 1..5, y = 2, 4, 5, 4, 5: slope 0.6, standard error 0.2828, t(3) 3.182.
  it('has the interval of the textbook', () => {
    const points = [2, 4, 5, 4, 5].map((y, at) => [at + 1, y] as const)
    const { slope: perX, interval } = slope(points)
    expect(perX).toBeCloseTo(0.6, 10)
    expect(interval[0]).toBeCloseTo(0.6 - 3.182 * 0.2828, 2)
    expect(interval[1]).toBeCloseTo(0.6 + 3.182 * 0.2828, 2)
  })

  it.each([
    [1, 12.706],
    [3, 3.182],
    [10, 2.228],
    [28, 2.048],
    [1000, 1.962],
  ])("Student's t of %i degrees of freedom is %f", (degrees, wanted) => {
    expect(Math.abs(studentT(degrees) - wanted)).toBeLessThan(0.005)
  })

  it('asks for three points', () => {
    expect(() =>
      slope([
        [0, 0],
        [1, 1],
      ]),
    ).toThrow(RangeError)
  })
})
