/**
 * `patchmesh patches upload`: streams a file to the Service Center and tells how far it is.
 */
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import type { PatchSummary } from '../core/views.ts'
import { defineCommand } from './command.ts'
import { ProgressLine } from './progress-line.ts'
import { readableBytes } from './quantities.ts'
import { connect, LocalFileError, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'

const CHUNK_BYTES = 1024 * 1024

export const uploadPatch = defineCommand({
  name: 'patches upload',
  summary: 'Uploads a patch; replication to every Service Provider appliance starts by itself',
  operands: ['FILE'],
  usage: 'FILE [--server URL] [--api-token TOKEN] [--json]',
  options: SERVER_OPTIONS,
  remarks: ['The same file again changes nothing.'],
  example: 'patchmesh patches upload ./example-1.0.0.patch',
  async run({ options, operands: [file = ''], terminal }) {
    const client = connect(options)
    const filename = path.basename(file)
    const opened = await openFile(file)
    const progress = new ProgressLine(terminal)
    try {
      const started = performance.now()
      const line = (sent: number, what = 'uploading') => {
        const percent = opened.bytes === 0 ? 100 : Math.floor((100 * sent) / opened.bytes)
        const rate = (sent / Math.max(1, performance.now() - started)) * 1000
        const of = `${readableBytes(sent)} of ${readableBytes(opened.bytes)}`
        return `${what} ${printable(filename)}  ${percent} %  ${of}  ${readableBytes(Math.round(rate))}/s`
      }
      const chunks = () => readChunks(opened, (sent) => progress.update(() => line(sent)))
      const patch = await client.call<PatchSummary>({
        method: 'POST',
        path: ['patches'],
        query: { filename },
        body: { bytes: opened.bytes, chunks },
      })
      progress.end(line(opened.bytes, 'uploaded'))
      const { name, version, id } = patch
      terminal.print(options.json === true ? JSON.stringify(patch) : `${printable(`${name}@${version}`)}  ${id}`)
      return 0
    } catch (error) {
      progress.end()
      throw error
    } finally {
      await opened.handle.close()
    }
  },
})

type OpenFile = { readonly name: string; readonly handle: FileHandle; readonly bytes: number }

async function openFile(name: string): Promise<OpenFile> {
  let handle: FileHandle
  try {
    handle = await open(name, 'r')
  } catch (error) {
    throw new LocalFileError(`${name} cannot be read (${reason(error)}): check the path`, { cause: error })
  }
  const found = await handle.stat()
  if (found.isFile()) return { name, handle, bytes: found.size }
  await handle.close()
  throw new LocalFileError(`${name} is not a file: name the patch file itself`)
}

/** Exactly as many bytes as were announced; a file that changes under our hands ends the upload. */
async function* readChunks(
  { name, handle, bytes }: OpenFile,
  sent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < bytes; ) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, bytes - position))
    let bytesRead: number
    try {
      ;({ bytesRead } = await handle.read(buffer, 0, buffer.byteLength, position))
    } catch (error) {
      throw new LocalFileError(`${name} cannot be read (${reason(error)}): check its disk`, { cause: error })
    }
    if (bytesRead === 0) {
      throw new LocalFileError(`${name} became shorter while it was read: upload it again when it is complete`)
    }
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
    sent(position)
  }
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
