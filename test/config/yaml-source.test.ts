import { afterEach, describe, expect, it } from '@jest/globals'
import { parseYaml } from '../../src/config/yaml-source.js'

const { stackTraceLimit } = Error
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit
})

describe('parseYaml', () => {
  it.each([
    ['reads', 'a: 1'],
    ['finds errors', `{ a: ${': '.repeat(100)}`],
    ['stops at what nests too deep', '['.repeat(200)],
  ])('leaves errors of others their stacks: a text that it %s', (_, text) => {
    Error.stackTraceLimit = 7
    parseYaml(text)
    expect(Error.stackTraceLimit).toBe(7)
  })
})
