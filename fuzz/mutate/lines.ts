import { stringify } from 'yaml'
import { parseYaml } from '../../src/config/yaml-source.js'
import { mutatedValue } from './json.js'
import type { Mutator } from './mutator.js'

/** Changes whole lines, or how far one is indented. */
export const mutateLines: Mutator = (input, { random, other, word }) => {
  const lines = textOf(input).split('\n')
  const at = random.below(lines.length)
  const line = lines[at] ?? ''
  switch (random.below(8)) {
    case 0:
      lines.splice(at, 1)
      break
    case 1: {
      const times = random.oneIn(8) ? 1 << random.below(11) : 1
      lines.splice(at, 0, ...Array.from({ length: times }, () => line))
      break
    }
    case 2:
      lines.splice(random.below(lines.length), 0, ...lines.splice(at, 1))
      break
    case 3:
      lines[at] = `${' '.repeat(random.below(9))}${line.trimStart()}`
      break
    case 4:
      lines.splice(at, random.below(2), ...textOf(other()).split('\n').slice(0, 8))
      break
    case 5:
      lines[at] = `${line}${random.pick(MARKS)}`
      break
    case 6:
      lines[at] = line.replace(/:.*$/, `: ${random.pick(MARKS)}${word()}`)
      break
    default:
      lines.splice(at, 0, `${' '.repeat(random.below(5))}${word()}: ${random.pick(MARKS)}${word()}`)
  }
  return Buffer.from(lines.join('\n'), 'utf8')
}

/** What YAML gives a meaning to. */
const MARKS = [
  ': ',
  '- ',
  '? ',
  '&a ',
  '*a',
  '&a [*a, *a]',
  '!!str ',
  '!!binary ',
  '!x ',
  '| ',
  '>-',
]
  .concat(['{', '}', '[', ']', "'", '"', '# ', '---', '...', '<<: *a', '~', '.inf', '.nan', '0x1f'])
  .concat(['%YAML 1.1', '%TAG ! !', '\t', '\r', '@', '`', '{a: ', '\u0085', '\ufeff', '1e400'])

/** Changes the values of a YAML document, and writes it again. */
export const mutateYaml: Mutator = (input, material) => {
  const value = yamlValue(input)
  return value === undefined ? undefined : asYaml(mutatedValue(value, material, yamlValue))
}

/** The value of a YAML document; undefined when it is none. */
export function yamlValue(input: Uint8Array): unknown {
  const parsed = parseYaml(textOf(input))
  return parsed.ok ? parsed.source.value : undefined
}

export const asYaml = (value: unknown): Uint8Array => Buffer.from(stringify(value), 'utf8')

const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
