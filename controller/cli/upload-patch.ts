/**
 * `patchmesh patches upload`: streams a file to the Service Center and tells how far it is.
 */

import path from 'node:path'
import { patchReference } from '../page/words.ts'
import { defineCommand } from './command.ts'
import { ADVISORY_OPTIONS, advisoryOf } from './exposure.ts'
import { ProgressLine } from './progress-line.ts'
import { readableBytes } from './quantities.ts'
import { uploadResumably } from './resumable-upload.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'

export const uploadPatch = defineCommand({
  name: 'patches upload',
  operations: ['uploadPatch', 'setAdvisory', 'beginUpload', 'showUpload', 'continueUpload'],
  summary: 'Uploads a patch; replication to every Service Provider appliance starts by itself',
  operands: ['FILE'],
  usage: 'FILE [--resume] [--severity WORD] [--advisory NAME] [--published DAY] [--due DAY]',
  options: {
    resume: { type: 'boolean', about: 'go on where an earlier upload was cut, and by itself after a cut' },
    ...ADVISORY_OPTIONS,
    ...SERVER_OPTIONS,
  },
  remarks: ['The same file again changes nothing. What was cut with --resume is kept for 24 hours.'],
  example: 'patchmesh patches upload ./example-1.0.0.patch',
  async run({ options, operands: [file = ''], terminal, show }) {
    const client = connect(options)
    const advisory = advisoryOf(options)
    const progress = new ProgressLine(terminal)
    const started = performance.now()
    const line = (what: string, sent: number, total: number) => {
      const rate = (sent / Math.max(1, performance.now() - started)) * 1000
      const percent = total === 0 ? 100 : Math.floor((100 * sent) / total)
      const amount = `${percent} %  ${readableBytes(sent)} of ${readableBytes(total)}`
      return `${what} ${printable(path.basename(file))}  ${amount}  ${readableBytes(Math.round(rate))}/s`
    }
    try {
      const sent = (bytes: number, total: number) => progress.update(() => line('uploading', bytes, total))
      const waits = (seconds: number) =>
        progress.change(`the way to the Service Center is cut; next try in ${seconds} s`)
      const patch =
        options.resume === true ? await uploadResumably(client, file, { sent, waits }) : await client.upload(file, sent)
      progress.end(line('uploaded', patch.bytes, patch.bytes))
      if (Object.keys(advisory).length > 0)
        await client.call({ method: 'PUT', path: ['patches', patch.id, 'advisory'], body: advisory })
      return await show(patch, () => [`${printable(patchReference(patch))}  ${patch.id}`])
    } catch (error) {
      progress.end()
      throw error
    }
  },
})
