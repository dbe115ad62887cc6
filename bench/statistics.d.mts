export function quantile(values: Iterable<number>, share: number): number
export function median(values: Iterable<number>): number
export function slope(points: readonly (readonly [x: number, y: number])[]): {
  readonly slope: number
  readonly interval: readonly [from: number, to: number]
  readonly holdsZero: boolean
}
export function studentT(degreesOfFreedom: number): number
