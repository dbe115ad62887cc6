import type { JsonSchema } from './json-schema.js'
import { count } from './scalars.js'
import { boolean, list, orNull, shape, string, time } from './shape.js'

/** `CosigningJson`. */
export const cosigning: JsonSchema = shape({
  log: string,
  quorum: boolean,
  witnesses: list(
    shape({
      name: string,
      url: string,
      size: orNull(count),
      at: orNull(time),
      behindSince: orNull(time),
      fault: orNull(string),
    }),
  ),
})
