/**
 * How a command that was refused is called in the trail: by the words under which the core writes what was done.
 */
import { unreachable } from '../../protocol/assert.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { Command } from '../core/effects.ts'
import { title } from '../core/patch-identity.ts'
import { everEnrolled, type ServiceCenterState } from '../core/state.ts'

export function commandNote(command: Command, state: ServiceCenterState): { action: string; subject: string } {
  const patchTitle = (patch: Sha256): string => {
    const record = state.patches.get(patch)
    return record === undefined ? patch : title(record)
  }
  const nameOf = (peer: PeerId): string => everEnrolled(state, peer)?.name ?? peer
  switch (command.kind) {
    case 'publish':
      return { action: 'upload', subject: title(command) }
    case 'withdraw':
      return { action: 'withdraw', subject: patchTitle(command.patch) }
    case 'start-install':
      return { action: 'install', subject: patchTitle(command.patch) }
    case 'cancel-install':
      return { action: 'cancel', subject: command.install }
    case 'extend-install':
      return { action: 'extend', subject: command.install }
    case 'pause-install':
      return { action: 'pause', subject: command.install }
    case 'resume-install':
      return { action: 'resume', subject: command.install }
    case 'set-limits':
      return { action: 'limit', subject: command.limits.place || 'Service Center' }
    case 'rename-appliance':
      return { action: 'rename', subject: nameOf(command.appliance) }
    case 'retire-appliance':
      return { action: 'retire', subject: nameOf(command.appliance) }
    case 'trust-appliance':
      return { action: 'trust', subject: nameOf(command.appliance) }
    case 'revoke-token':
      return { action: 'revoke-token', subject: state.tokens.get(command.enrollingPeer)?.name ?? command.enrollingPeer }
    case 'set-policy':
      return { action: command.kind, subject: 'policy' }
    case 'approve-install':
      return { action: command.kind, subject: command.install }
    case 'set-publisher':
      return { action: command.kind, subject: command.publisher.name }
    case 'set-baseline':
    case 'remove-baseline':
      return { action: command.kind, subject: patchTitle(command.patch) }
    case 'set-advisory':
      return { action: command.kind, subject: patchTitle(command.advisory.patch) }
    case 'set-retention':
      return { action: command.kind, subject: 'patches' }
    case 'pin-patch':
    case 'unpin-patch':
      return { action: command.kind, subject: patchTitle(command.patch) }
    case 'set-due-days':
      return { action: command.kind, subject: command.dueDays.map(({ severity }) => severity).join(', ') }
    case 'set-window':
      return { action: command.kind, subject: command.window.name }
    case 'remove-publisher':
    case 'remove-window':
      return { action: command.kind, subject: command.name }
    default:
      return unreachable(command)
  }
}
