/**
 * Says what a file is by its first bytes, for the sentence that refuses it. It decides nothing: whether a file is a
 * patch is decided by reading it as one.
 */
import { looksLikeTar } from './tar.ts'

/** Enough of a file for `describeFile`: one tar header. */
export const HEAD_BYTES = 512

const MAGIC: readonly (readonly [magic: string, kind: string])[] = [
  ['\x1f\x8b', 'a gzip file'],
  ['PK\x03\x04', 'a zip archive'],
  ['PK\x05\x06', 'an empty zip archive'],
  ['\x89PNG\r\n\x1a\n', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['%PDF-', 'a PDF document'],
  ['\x7fELF', 'an ELF program'],
  ['MZ', 'a Windows program'],
  ['\xfd7zXZ\0', 'an xz file'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard file'],
  ['BZh', 'a bzip2 file'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
  ['Rar!', 'a RAR archive'],
  ['\xed\xab\xee\xdb', 'an RPM package'],
  ['SQLite format 3\0', 'an SQLite database'],
  ['LZIP', 'an lzip file'],
  ['\x5d\0\0', 'an lzma file'],
  ['hsqs', 'a SquashFS image, as snaps are'],
  ['MSCF', 'a cabinet file'],
  ['!<arch>\ndebian-split', 'a part of a Debian package, which dpkg-split --join puts together again'],
  ['!<thin>\n', 'a thin ar archive'],
  ['!<arch>\n', 'an ar archive that is not a Debian package'],
  ['#!', 'a script'],
]

/** What a file with these first bytes is, with its article: "a PNG image". */
export function describeFile(head: Uint8Array): string {
  const start = Buffer.from(head).toString('latin1')
  const known = MAGIC.find(([magic]) => start.startsWith(magic))
  if (known !== undefined) return known[1]
  if (looksLikeTar(head)) return 'a tar archive whose first entry is not manifest.json'
  if (head.every((byte) => byte === 0)) return 'a run of zero bytes'
  return (
    describeText(head) ?? `a file of unknown kind that begins with ${Buffer.from(head.subarray(0, 8)).toString('hex')}`
  )
}

function describeText(head: Uint8Array): string | null {
  // a character cut at the end of the head is no reason to call text binary
  const text = new TextDecoder('utf-8').decode(head).replace(/\uFFFD$/, '')
  if (/[\p{Cc}\uFFFD]/u.test(text.replace(/\s/g, ''))) return null
  const start = text.trimStart().toLowerCase()
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return 'an HTML page'
  if (start.startsWith('<?xml')) return 'an XML document'
  if (start.startsWith('{') || start.startsWith('[')) return 'a JSON or plain text file'
  return 'a plain text file'
}
