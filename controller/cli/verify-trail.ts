/**
 * `patchmesh trail verify`: whether anybody has rewritten the trail, asked of a running Service Center or found out from
 * its data folder, whether it runs or not. Exit status 1 when it is broken, or without the head that was noted.
 */

import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { Sha256 } from '../../protocol/identifiers.ts'
import type { TrailVerification } from '../core/access-views.ts'
import { checkTrail, trailVerification } from '../shell/check-trail.ts'
import { defineCommand, parsed, type Show, UsageError } from './command.ts'
import { DATA_OPTION, withData } from './data-folder.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'

export const verifyTrail = defineCommand({
  name: 'trail verify',
  operations: ['verifyTrail'],
  summary: 'Says whether anybody has rewritten the trail',
  usage: '[--head HASH] [--data DIR | --server URL --api-token TOKEN]',
  options: {
    head: { type: 'string', value: 'HASH', about: 'a head that was noted earlier: is it part of this trail?' },
    ...DATA_OPTION,
    ...SERVER_OPTIONS,
  },
  remarks: [
    'Whoever holds the machine can write the whole trail anew. Only a head that was noted elsewhere shows that.',
    'With --data the folder is read, and no Service Center is asked.',
  ],
  example: 'patchmesh trail verify --head 9f2c…',
  async run({ options, show }) {
    const { data, server } = options
    if (data !== undefined && server !== undefined) throw new UsageError('--data and --server do not go together')
    const noted = options.head === undefined ? null : parsed('head', options.head.trim().toLowerCase(), Sha256)
    const told = (verification: TrailVerification) => shown(verification, show)
    if (data === undefined) return told(await connect(options).verifyTrail(noted ?? undefined))
    return withData(data, async ({ repository }) => {
      const check = await checkTrail({ repository, nowMs: Date.now(), noted: new Set(noted === null ? [] : [noted]) })
      return told(trailVerification(check, noted))
    })
  },
})

function shown(verification: TrailVerification, show: Show): Promise<ExitStatus> {
  const { intact, entries, head, headAt, brokenAt, noted } = verification
  const isThere = noted === null || noted.position !== null
  const lines = () => [
    brokenAt === null
      ? `The trail is intact: ${entries} entries, each follows the one before it.`
      : printable(`The trail is broken: ${brokenAt.reason}.`),
    `head ${head}${headAt === null ? '' : ` (entry ${verification.position}, ${readableTime(headAt)})`}`,
    ...(noted === null ? [] : [aboutNoted(noted, intact)]),
  ]
  return show(verification, lines, intact && isThere ? 0 : 1)
}

function aboutNoted({ head, position }: NonNullable<TrailVerification['noted']>, intact: boolean): string {
  if (position !== null) return `The noted head ${head} is that of entry ${position}.`
  const why = intact ? 'entries were cut off the end, or all was written anew' : 'it may be behind the break'
  return `The noted head ${head} is none of this trail: ${why}.`
}
