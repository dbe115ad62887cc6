import { describe, expect, it } from '@jest/globals'
import { sharesPicture } from '../../bench/picture.mjs'

const row = (name: string, share: number, concurrency = 128) => ({
  name,
  share,
  concurrency,
  cpu_us: 80 / share,
})

describe('sharesPicture', () => {
  const picture = sharesPicture(
    [
      row('certify-first', 0.2),
      row('step <sign>', 0.1),
      row('certify-renew', 0.4),
      row('x', 0.9, 16),
    ],
    { concurrency: 128, limit: 80 },
  )
  const widths = [...picture.matchAll(/width="([\d.]+)" height="20"/g)].map(([, width]) =>
    Number(width),
  )

  it('has a bar for each row of that concurrency, the longest first, as long as its share', () => {
    expect(widths).toHaveLength(3)
    expect(widths[0]! / widths[1]!).toBeCloseTo(2, 1)
    expect(widths[0]! / widths[2]!).toBeCloseTo(4, 1)
    expect(picture.indexOf('certify-renew')).toBeLessThan(picture.indexOf('certify-first'))
  })

  it('says what each is, and marks up nothing that a name says', () => {
    expect(picture).toContain('40 % (200 us of CPU)')
    expect(picture).toContain('step &lt;sign>')
    expect(picture).not.toContain('<sign>')
  })

  it('colours other servers otherwise', () => {
    const colours = [...picture.matchAll(/rx="3" fill="(#\w+)"/g)].map(([, colour]) => colour)
    expect(colours).toEqual(['#1f6feb', '#1f6feb', '#8b949e'])
  })
})
