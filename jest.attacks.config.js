import base from './jest.config.js'

/** Each check of test/attacks taken away, to see its test fail: minutes long. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/attacks/*.attacks.ts'],
  testTimeout: 600_000,
}
