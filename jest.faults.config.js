import base from './jest.config.js'

/** A real server under load, and what is broken beneath it: needs Linux, gcc, faketime; mounts where it may. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/faults/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 180_000,
}
