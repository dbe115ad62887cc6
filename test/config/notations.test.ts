import { describe, expect, it } from '@jest/globals'
import { parseDuration, renderDuration } from '../../src/config/duration.js'
import { parseListenAddress, renderListenAddress } from '../../src/config/listen-address.js'
import { seconds } from '../../src/core/time.js'

describe('a duration', () => {
  it.each([
    ['30s', 30],
    ['10m', 600],
    ['24h', 86_400],
    ['7d', 604_800],
    ['0s', 0],
  ])('%s is %d seconds', (text, length) => {
    expect(parseDuration(text)).toBe(length)
  })

  it.each(['', '30', 's', '1.5h', '-1s', '1H', '1w', '1h30m', ' 1s', '1s\n', '12345678901s', '١s'])(
    'is not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  it.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [5400, '90m'],
    [86_400, '24h'],
    [86_401, '86401s'],
    [172_800, '2d'],
  ])('of %d seconds is written %s, and read back', (length, text) => {
    expect(renderDuration(seconds(length))).toBe(text)
    expect(parseDuration(text)).toBe(length)
  })
})

describe('an address to listen on', () => {
  it.each([
    ['0.0.0.0:8443', '0.0.0.0', 8443],
    ['localhost:0', 'localhost', 0],
    ['[::]:65535', '::', 65_535],
    ['[fd00::1]:80', 'fd00::1', 80],
  ])('%s is read, and written back', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port })
    expect(renderListenAddress({ host, port })).toBe(text)
  })

  it.each([
    '',
    ':',
    ':80',
    '80',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:0x50',
    '127.0.0.1: 80',
    '[127.0.0.1]:80',
    '[localhost]:80',
    '::1:80',
    '[::1]',
    '[::1:80',
    'example.com:80',
    '*:80',
  ])('is not %j', (text) => {
    expect(parseListenAddress(text)).toBeUndefined()
  })
})
