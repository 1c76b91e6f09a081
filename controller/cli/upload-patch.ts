/**
 * `patchmesh patches upload`: streams a file to the Service Center and tells how far it is.
 */

import path from 'node:path'
import { EXIT } from '../../agent/shell/command-line/exit-status.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import type { ApplianceCopy } from '../core/copies.ts'
import type { PatchSummary } from '../core/patch-views.ts'
import { patchReference } from '../page/words.ts'
import { defineCommand } from './command.ts'
import { ServerRefusal } from './exchange.ts'
import { ADVISORY_OPTIONS, advisoryOf } from './exposure.ts'
import { ProgressLine } from './progress-line.ts'
import { readableBytes } from './quantities.ts'
import { uploadResumably } from './resumable-upload.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'
import { type Awaited, awaited, type Look, timeoutOf, WAIT_USAGE, type Waiting, waitOptions } from './waiting.ts'

export const uploadPatch = defineCommand({
  name: 'patches upload',
  operations: ['uploadPatch', 'setAdvisory', 'beginUpload', 'showUpload', 'continueUpload'],
  summary: 'Uploads a patch; replication to every Service Provider appliance starts by itself',
  operands: ['FILE'],
  usage: `FILE [--resume] [--severity WORD] [--advisory NAME] [--published DAY] [--due DAY] ${WAIT_USAGE}`,
  options: {
    resume: { type: 'boolean', about: 'go on where an earlier upload was cut, and by itself after a cut' },
    ...ADVISORY_OPTIONS,
    ...waitOptions('every Service Provider appliance has it'),
    ...SERVER_OPTIONS,
  },
  remarks: ['The same file again changes nothing. What was cut with --resume is kept for 24 hours.'],
  example: 'patchmesh patches upload ./example-1.0.0.patch',
  async run({ options, operands: [file = ''], terminal, show }) {
    const client = connect(options)
    const advisory = advisoryOf(options)
    const timeoutMs = timeoutOf(options)
    const progress = new ProgressLine(terminal)
    const started = performance.now()
    const line = (what: string, sent: number, total: number) => {
      const rate = (sent / Math.max(1, performance.now() - started)) * 1000
      const percent = total === 0 ? 100 : Math.floor((100 * sent) / total)
      const amount = `${percent} %  ${readableBytes(sent)} of ${readableBytes(total)}`
      return `${what} ${printable(path.basename(file))}  ${amount}  ${readableBytes(Math.round(rate))}/s`
    }
    let patch: PatchSummary
    try {
      const sent = (bytes: number, total: number) => progress.update(() => line('uploading', bytes, total))
      const waits = (seconds: number) =>
        progress.change(`the way to the Service Center is cut; next try in ${seconds} s`)
      patch =
        options.resume === true
          ? await uploadResumably(client, file, { sent, waits })
          : await client.upload(file, sent, advisory)
      progress.end(line('uploaded', patch.bytes, patch.bytes))
      if (options.resume === true && Object.keys(advisory).length > 0)
        await client.exchange.call({ method: 'PUT', path: ['patches', patch.id, 'advisory'], body: advisory })
    } catch (error) {
      progress.end()
      throw error
    }
    const lines = () => [`${printable(patchReference(patch))}  ${patch.id}`]
    if (options.wait !== true) return show(patch, lines)
    const { found, status } = await untilReplicated(patch, { client, terminal, timeoutMs })
    return show(found, lines, status)
  },
})

const MOST_NAMES = 3

/** Ends early where it is withdrawn, and where nobody is there to replicate to. */
async function untilReplicated(
  uploaded: PatchSummary,
  { client, terminal, timeoutMs }: Omit<Waiting, 'goesOn'>,
): Promise<Awaited<PatchSummary>> {
  const { id } = uploaded
  const goesOn = `replication goes on; see patchmesh patches show ${id}`
  const outcome = await awaited({ client, terminal, timeoutMs, goesOn }, lookAt(uploaded, []), async () => {
    try {
      const { appliances, ...patch } = await client.patch(id)
      return lookAt(patch, appliances)
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.code !== ('withdrawn' satisfies RefusalCode)) throw error
      return { found: uploaded, line: 'withdrawn', ended: EXIT.cancelled }
    }
  })
  const { complete, total } = outcome.found.replications
  if (outcome.status === EXIT.done) terminal.tell(`replicated ${complete}/${total}`)
  if (outcome.status === EXIT.cancelled) terminal.tell('patchmesh: it was withdrawn meanwhile. Upload a right one.')
  if (outcome.status === EXIT.halted)
    terminal.tell('patchmesh: no Service Provider appliance is enrolled. Enroll one; it takes the patch by itself.')
  return outcome
}

function lookAt(patch: PatchSummary, copies: readonly ApplianceCopy[]): Look<PatchSummary> {
  const { complete, total } = patch.replications
  const missing = copies.filter(({ state }) => state !== 'replicated').map(({ name, state }) => `${name} ${state}`)
  const more = missing.length - MOST_NAMES
  const names = missing.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '')
  const line = `replicated ${complete}/${total}${names === '' ? '' : `; ${names}`}`
  return { found: patch, line, ended: total === 0 ? EXIT.halted : complete === total ? EXIT.done : null }
}
