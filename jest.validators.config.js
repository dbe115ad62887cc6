import base from './jest.config.js'

/** Other people's certificate validators, which it installs and builds. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/validators/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/validators/install-tools.mjs',
  // Thousands of verdicts: the ones that are not as expected are printed.
  verbose: false,
  testTimeout: 600_000,
}
