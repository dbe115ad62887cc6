/** Ends an exhaustive switch: a new case does not compile, and an unknown value does not pass. */
export function unreachable(value: never): never {
  throw new Error(`unexpected case: ${JSON.stringify(value)}`)
}
