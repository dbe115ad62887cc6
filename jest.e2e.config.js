import base from './jest.config.js'

/** What needs real servers: kube-apiserver, etcd, Go, Rust, openssl, curl. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
}
