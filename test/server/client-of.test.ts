import { describe, expect, it } from '@jest/globals'
import { clientOf } from '../../src/server/client-of.js'

describe('clientOf', () => {
  it.each([
    { address: '192.0.2.1', client: '192.0.2.1' },
    { address: '::ffff:192.0.2.1', client: '192.0.2.1' },
    { address: '2001:db8:1:2:3:4:5:6', client: '2001:db8:1:2' },
    { address: '2001:db8:1:2::6', client: '2001:db8:1:2' },
    { address: '2001:DB8:0001:0002::', client: '2001:db8:1:2' },
    { address: '2001:db8::1', client: '2001:db8:0:0' },
    { address: 'fe80::1%eth0', client: 'fe80:0:0:0' },
    { address: '::1', client: '0:0:0:0' },
    { address: 'gone', client: 'gone' },
  ])('counts $address as $client', ({ address, client }) => {
    expect(clientOf(address)).toBe(client)
  })
})
