/**
 * The commands that work beside the controller's data write into the trail too: by whom, and on which machine.
 */

import { hostname, userInfo } from 'node:os'
import type { AuditRecord } from '../core/records.ts'
import type { Repository } from '../shell/ports.ts'

export async function noteHere(
  repository: Repository,
  note: Pick<AuditRecord, 'action' | 'subject' | 'organization'>,
): Promise<void> {
  const origin = `command line of ${userInfo().username} on ${hostname()}`
  await repository.commit([
    { table: 'audit', row: { at: Date.now(), actor: 'command line', outcome: 'done', origin, ...note } },
  ])
}
