import { describe, expect, it } from '@jest/globals'
import type { MirrorFiles } from '../../src/mirror/ports.js'

/** What the files of every mirror must do. `open` answers those of an empty folder. */
export function mirrorFilesContract(name: string, open: () => Promise<MirrorFiles>): void {
  describe(`the files of a mirror: ${name}`, () => {
    it('are absent until they are made, and replaced as a whole', async () => {
      const files = await open()
      expect(await files.read('tile/0/x001/000.p/3')).toBeUndefined()
      await files.put('tile/0/x001/000.p/3', Buffer.from('one'))
      await files.put('tile/0/x001/000.p/3', Buffer.from('tw'))
      expect(Buffer.from((await files.read('tile/0/x001/000.p/3')) ?? []).toString()).toBe('tw')
      await files.put('checkpoint', new Uint8Array())
      expect(await files.read('checkpoint')).toHaveLength(0)
    })

    it('are listed by their folder, and removed', async () => {
      const files = await open()
      expect(await files.list('tile/0/000.p')).toEqual([])
      await files.put('tile/0/000.p/3', Buffer.of(3))
      await files.put('tile/0/000.p/12', Buffer.of(12))
      await files.put('tile/0/000', Buffer.of(0))
      expect([...(await files.list('tile/0/000.p'))].sort()).toEqual(['12', '3'])
      await files.remove('tile/0/000.p/3')
      await files.remove('tile/0/000.p/3')
      await files.remove('tile/7/000')
      expect(await files.list('tile/0/000.p')).toEqual(['12'])
      expect(await files.read('tile/0/000')).toEqual(Buffer.of(0))
    })

    it('are none below a file', async () => {
      const files = await open()
      await files.put('tile/0/000', Buffer.of(0))
      expect(await files.read('tile/0/000/x')).toBeUndefined()
      expect(await files.list('tile/0/000')).toEqual([])
    })
  })
}
