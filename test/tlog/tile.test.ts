import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  bundlePath,
  changedTiles,
  nodeInTile,
  parseTilePath,
  partialTiles,
  type Tile,
  tileAt,
  tilePath,
} from '../../src/tlog/tile.js'

const width = fc.integer({ min: 1, max: 256 })
const index = fc.oneof(fc.nat(2000), fc.maxSafeNat())

describe('the path of a tile', () => {
  it.each<[string, Tile]>([
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/63/x001/000.p/255', { level: 63, index: 1000, width: 255 }],
    ['tile/1/999.p/1', { level: 1, index: 999, width: 1 }],
  ])('%s', (path, tile) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual({ kind: 'hashes', tile })
  })

  it('of entries', () => {
    const bundle = { index: 273, width: 112 }
    expect(bundlePath(bundle)).toBe('tile/entries/273.p/112')
    expect(parseTilePath('tile/entries/273.p/112')).toEqual({ kind: 'entries', bundle })
  })

  it('is read as it is written (property)', () => {
    fc.assert(
      fc.property(fc.nat(63), index, width, (level, number, wide) => {
        const tile = { level, index: number, width: wide }
        expect(parseTilePath(tilePath(tile))).toEqual({ kind: 'hashes', tile })
        const bundle = { index: number, width: wide }
        expect(parseTilePath(bundlePath(bundle))).toEqual({ kind: 'entries', bundle })
      }),
    )
  })

  it.each([
    '',
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/100/000',
    'tile/-1/000',
    'tile/0/x000/001',
    'tile/0/x000/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/0001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/000\n',
    'tile/0/../000',
    'tile/entries/0',
    'tile/entries/000.p/300',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x999/x999/x999/x999/x999/999',
  ])('is not %j', (path) => {
    expect(parseTilePath(path)).toBeUndefined()
  })
})

describe('the tiles of a tree', () => {
  const count = (tiles: readonly Tile[], level: number, wide: (n: number) => boolean): number =>
    tiles.filter((tile) => tile.level === level && wide(tile.width)).length

  it('of 70,000 leaves are those of the example of tlog-tiles', () => {
    const tiles = changedTiles(0, 70_000)
    expect(count(tiles, 0, (n) => n === 256)).toBe(273)
    expect(tiles.filter(({ width: n }) => n < 256)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ])
    expect(count(tiles, 1, (n) => n === 256)).toBe(1)
    expect(partialTiles(70_000)).toEqual(tiles.filter(({ width: n }) => n < 256))
  })

  it('of 256 leaves are one of them and one above', () => {
    expect(changedTiles(0, 256)).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ])
    expect(changedTiles(255, 256)).toEqual(changedTiles(0, 256))
    expect(changedTiles(256, 256)).toEqual([])
    expect(changedTiles(256, 257)).toEqual([{ level: 0, index: 1, width: 1 }])
  })

  it('change as the sizes say: what one tree has and the other has not (property)', () => {
    const sizes = fc.tuple(fc.nat(200_000), fc.nat(3000))
    fc.assert(
      fc.property(sizes, ([from, more]) => {
        const names = (size: number): ReadonlySet<string> =>
          new Set(changedTiles(0, size).map(tilePath))
        const before = names(from)
        const after = [...names(from + more)].filter((name) => !before.has(name))
        expect(changedTiles(from, from + more).map(tilePath)).toEqual(after)
      }),
      { numRuns: 30 },
    )
  })

  it('have each complete node in one place', () => {
    expect(nodeInTile({ level: 0, index: 300 }, 301)).toEqual({
      tile: { level: 0, index: 1, width: 45 },
      from: 44,
      count: 1,
    })
    expect(nodeInTile({ level: 9, index: 3 }, 70_000)).toEqual({
      tile: { level: 1, index: 0, width: 256 },
      from: 6,
      count: 2,
    })
    expect(() => nodeInTile({ level: 0, index: 301 }, 301)).toThrow(RangeError)
    expect(() => nodeInTile({ level: 1, index: 150 }, 301)).toThrow(RangeError)
    expect(tileAt(0, 2, 512)).toBeUndefined()
  })

  it('are counted beyond 32 bits', () => {
    const size = 2 ** 52 + 1
    expect(partialTiles(size).map(tilePath)).toEqual([
      'tile/0/x017/x592/x186/x044/416.p/1',
      'tile/6/000.p/16',
    ])
  })
})
