/**
 * `patchmesh uploads list|discard`: the uploads that were interrupted, which the Service Center keeps for 24 hours.
 */
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readableBytes, readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listUploads = defineCommand({
  name: 'uploads list',
  operations: ['listUploads'],
  summary: 'Lists your uploads that were interrupted',
  usage: '',
  options: SERVER_OPTIONS,
  remarks: ['patchmesh patches upload FILE --resume goes on with one.'],
  example: 'patchmesh uploads list',
  async run({ options, show }) {
    const uploads = await connect(options).unfinishedUploads()
    const lines = () =>
      table(
        ['FILE', 'ARRIVED', 'OF', 'KEPT UNTIL (UTC)', 'ID'],
        uploads.map(({ filename, offset, bytes, expiresAt, id }) => [
          filename,
          readableBytes(offset),
          readableBytes(bytes),
          readableTime(expiresAt),
          id,
        ]),
        'No upload was interrupted.',
      )
    return show(uploads, lines)
  },
})

export const discardUpload = defineCommand({
  name: 'uploads discard',
  operations: ['listUploads', 'abandonUpload'],
  summary: 'Gives an interrupted upload up; nothing of it is kept',
  operands: ['ID'],
  usage: 'ID [--yes]',
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh uploads discard 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'Nothing was discarded' }, async () => {
      const found = (await client.unfinishedUploads()).find((upload) => upload.id === id)
      if (found === undefined) return undefined
      const { filename, offset, bytes } = found
      const arrived = `${readableBytes(offset)} of ${readableBytes(bytes)}`
      return { id, question: `Discard what has arrived of ${filename}, ${arrived}? It begins anew then.` }
    })
    if (agreed === null) return 1
    await client.discardUpload(agreed)
    return show({ id }, () => [`discarded ${printable(id)}`])
  },
})
