/**
 * Tar archives made by hand, so that a test can say exactly what is wrong with one. A field can be overwritten at its
 * offset; the checksum is made right again unless the test wants it wrong.
 */
import { TAR_BLOCK_BYTES, tarPadding, writeTarHeader } from '../../protocol/bundle/tar.ts'

export type TarFixture = {
  readonly name: string
  readonly content?: Uint8Array | string
  readonly mode?: number
  readonly type?: string
  readonly linkName?: string
  /** The size in the header where it is not the content's. */
  readonly size?: number
  /** Texts to write over the header, by offset. */
  readonly overwrite?: Readonly<Record<number, string>>
}

export const SIZE_OFFSET = 124
export const END_OF_TAR = Buffer.alloc(2 * TAR_BLOCK_BYTES)

export function tarEntry(entry: TarFixture): Buffer {
  const content = Buffer.from(entry.content ?? '')
  const fits = Buffer.byteLength(entry.name, 'latin1') <= 100
  const header = writeTarHeader({
    name: fits ? entry.name : 'overwritten',
    mode: entry.mode ?? 0o644,
    size: entry.size ?? content.byteLength,
    type: entry.type ?? '0',
    linkName: entry.linkName ?? '',
  })
  const block = Buffer.from(header as Uint8Array)
  for (const [offset, text] of Object.entries(entry.overwrite ?? {})) block.write(text, Number(offset), 'latin1')
  return Buffer.concat([withChecksum(block), content, Buffer.alloc(tarPadding(content.byteLength))])
}

export function tarArchive(entries: readonly TarFixture[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), END_OF_TAR])
}

/** GNU's way of giving the entry after it a long name. */
export function gnuLongName(name: string, type: 'L' | 'K' = 'L'): TarFixture {
  return { name: '././@LongLink', type, content: `${name}\0` }
}

function withChecksum(block: Buffer): Buffer {
  block.write('        ', 148)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return block
}
