/**
 * Uploads a file to a folder on a disk that is too small for it, with and without saying beforehand how long it is, and
 * prints the two answers and what was left behind. Run in a process of its own, which sees that disk.
 */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { receiveUpload } from '../../controller/shell/intake/receive-upload.ts'

const [patch, folder] = process.argv.slice(2) as [string, string]
const upload = { filename: 'example.patch', folder }
const expectedBytes = (await stat(patch)).size
const known = await receiveUpload({ ...upload, body: createReadStream(patch), expectedBytes })
const unknown = await receiveUpload({ ...upload, body: createReadStream(patch) })
console.log(JSON.stringify({ known, unknown, left: await readdir(folder) }))
