import { describe, expect, it } from '@jest/globals'
import { brief, difference, linesOf } from '../../../src/namespace/plan/planned-change.js'

describe('a change as people read it', () => {
  it('has a line for each field of what is new, in the order in which it is said', () => {
    expect(linesOf({ owner: { controller: 'ann' }, labels: {}, maxTtl: 60 })).toEqual([
      ...['owner: {controller:ann}', 'labels: {}', 'maxTtl: 60'],
    ])
    expect(linesOf({})).toEqual([])
  })

  it('has a line for each field that becomes different, by their names', () => {
    const before = { b: 1, gone: 'x', same: [1, 2], a: { x: 1, y: 2 } }
    const after = { new: true, b: 2, same: [1, 2], a: { y: 2, x: 1 } }
    expect(difference(before, after)).toEqual([
      ...['b: 1 -> 2', 'gone: x -> none', 'new: none -> true'],
    ])
    expect(difference(before, before)).toEqual([])
    expect(difference({ a: [1, 2] }, { a: [2, 1] })).toEqual(['a: [1,2] -> [2,1]'])
    expect(difference({ b: 1, c: 1 }, { a: 1, c: 2 })).toEqual([
      ...['a: none -> 1', 'b: 1 -> none', 'c: 1 -> 2'],
    ])
    expect(difference({ a: 1 }, { a: undefined })).toEqual(['a: 1 -> none'])
  })

  it('says nothing of quotation marks', () => {
    expect(brief({ b: ['x', 1], a: 'y' })).toBe('{a:y,b:[x,1]}')
    expect(brief(undefined)).toBe('none')
  })
})
