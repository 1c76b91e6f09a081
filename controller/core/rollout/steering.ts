/**
 * What people decide about an install that has begun.
 */
import { refuse } from '../../../protocol/refusals.ts'
import { notedFor } from '../audit-notes.ts'
import type { Command, Reply } from '../effects.ts'
import type { Decision } from '../publishing.ts'
import type { ServiceCenterState } from '../state.ts'
import { endUnbegun } from './ending-installs.ts'
import { targetsOf } from './target-facts.ts'

type Cancel = Extract<Command, { kind: 'cancel-install' }>

/** No pair begins any more; those that have begun are finished. Cancelling twice is harmless. */
export function cancelInstall(state: ServiceCenterState, { actor, install }: Cancel): Decision {
  const found = state.installs.get(install)
  if (found === undefined) return { reply: refuse('not_found', `there is no install ${install}`), changes: [] }
  const reply: Reply = { kind: 'install-cancelled', install }
  if (found.state === 'cancelled') return { reply, changes: [] }
  if (found.state !== 'running') {
    return { reply: refuse('already_ended', `install ${install} is ${found.state}`), changes: [] }
  }
  const at = state.clock.wallMs
  return {
    reply,
    changes: [
      { table: 'installs', row: { ...found, state: 'cancelled', reason: `cancelled by ${actor}` } },
      ...endUnbegun(state, targetsOf(state, install), 'cancelled with its install'),
      ...notedFor(found.organizations, { at, actor, action: 'cancel', subject: install, outcome: 'done' }),
    ],
  }
}
