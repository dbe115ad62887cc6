/** The value below which `share` (0 to 1) of the values lie, by nearest rank; NaN for none. */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort()
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[rank - 1] ?? NaN
}

export const median = (values) => quantile(values, 0.5)

/**
 * Least-squares line through `[x, y]` points, with the 95 % confidence interval of its slope. The
 * slope is indistinguishable from zero when the interval holds 0.
 */
export function slope(points) {
  const n = points.length
  if (n < 3) throw new RangeError('a slope with an interval needs three points')
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  const sxx = sum(points.map(([x]) => (x - meanX) ** 2))
  const sxy = sum(points.map(([x, y]) => (x - meanX) * (y - meanY)))
  const perX = sxy / sxx
  const residuals = points.map(([x, y]) => y - meanY - perX * (x - meanX))
  const standardError = Math.sqrt(sum(residuals.map((r) => r * r)) / (n - 2) / sxx)
  const margin = studentT(n - 2) * standardError
  const interval = [perX - margin, perX + margin]
  return { slope: perX, interval, holdsZero: interval[0] <= 0 && interval[1] >= 0 }
}

/** Where the expansion below is not yet good to two decimals: 1 to 4 degrees of freedom. */
const SMALL_T = [12.7062, 4.3027, 3.1824, 2.7764]

/** The 97.5 % quantile of Student's t, by Cornish and Fisher's expansion around the normal one. */
export function studentT(degreesOfFreedom) {
  const small = SMALL_T[degreesOfFreedom - 1]
  if (small !== undefined) return small
  const z = 1.959964
  const v = degreesOfFreedom
  return (
    z +
    (z ** 3 + z) / (4 * v) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * v ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * v ** 3)
  )
}

const sum = (values) => values.reduce((total, value) => total + value, 0)
const mean = (values) => sum(values) / values.length
