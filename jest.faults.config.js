import base from './jest.config.js'

/** A real server under load, and what is broken beneath it: needs Linux, gcc, python3, faketime, root for two tests. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/faults/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
}
