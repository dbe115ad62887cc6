import type { Schema } from './generate.js'
import { parse, spelled } from './json.js'
import { asYaml, yamlValue } from './lines.js'
import type { Mutator } from './mutator.js'
import { mutatedBySchema } from './schema.js'

/** Changes a JSON text as the schema knows it; what is no JSON becomes something that the schema wants. */
export const jsonBySchema =
  (schema: Schema): Mutator =>
  (input, material) => {
    const changed = mutatedBySchema(parse(input), schema, parse(material.other()), material)
    return Buffer.from(spelled(JSON.stringify(changed), material), 'utf8')
  }

/** The same for YAML. */
export const yamlBySchema =
  (schema: Schema): Mutator =>
  (input, material) =>
    asYaml(mutatedBySchema(yamlValue(input), schema, yamlValue(material.other()), material))
