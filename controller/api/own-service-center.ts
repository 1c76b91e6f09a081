/**
 * The Service Center as one visitor may see and use it. Whoever is limited to organizations gets a state in which there
 * is nothing else, and commands that reach beyond it are refused here: as what is not there where it cannot be seen, as
 * forbidden where it can. Every refused command is told to `note`, for the trail.
 */
import { unreachable } from '../../protocol/assert.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { Command } from '../core/effects.ts'
import { concernsOthers, restrictedState } from '../core/restricted-state.ts'
import { appliancesInScope } from '../core/rollout/starting.ts'
import type { ServiceCenterState } from '../core/state.ts'
import type { ServiceCenter } from '../shell/ports.ts'
import type { Visitor } from './context.ts'

export function ownServiceCenter(
  whole: ServiceCenter,
  { organizations, origin }: Pick<Visitor, 'organizations' | 'origin'>,
  note: (command: Command, refusal: Refusal) => Promise<void>,
): ServiceCenter {
  let made: ServiceCenterState | null = null
  const seen = (): ServiceCenterState => {
    if (organizations === null) return whole.state
    made ??= restrictedState(whole.state, organizations)
    return made
  }
  return {
    get state() {
      return seen()
    },
    async carryOut(command) {
      const reply = whyNot(seen(), command) ?? (await whole.carryOut(command, origin))
      made = null
      if (isRefusal(reply)) await note(command, reply)
      return reply
    },
    async upload(upload) {
      const stored = await whole.upload({ ...upload, origin })
      made = null
      return stored
    },
    // A patch is nobody's.
    readPatch: (patch, from) => whole.readPatch(patch, from),
    uploads: whole.uploads,
    inquire: async (peer) =>
      seen().appliances.has(peer) ? whole.inquire(peer) : { told: false, reason: 'it is no appliance of the fleet' },
    async issueToken(wanted) {
      if (organizations !== null) return refuse('forbidden', 'this concerns every organization')
      return whole.issueToken(wanted, origin)
    },
    subscribe: (listener) => whole.subscribe(listener),
    notReady: () => whole.notReady(),
    get connectedPeers() {
      return new Set(seen().sessions.keys())
    },
  }
}

/** Why somebody who sees this much may not have the command carried out, or null. */
function whyNot(state: ServiceCenterState, command: Command): Refusal | null {
  if (state.whole === null) return null
  switch (command.kind) {
    case 'publish':
      return null
    case 'start-install': {
      const scope = appliancesInScope(state, command)
      return isRefusal(scope) ? scope : null
    }
    case 'cancel-install':
    case 'extend-install':
    case 'pause-install':
    case 'resume-install': {
      const install = state.installs.get(command.install)
      if (install === undefined) return refuse('not_found', `there is no install ${command.install}`)
      if (!concernsOthers(state, install)) return null
      return refuse('forbidden', 'this install is for other organizations too')
    }
    case 'approve-install': {
      const seen = state.authorizations.get(command.install)
      const hidden = command.approvals.find(({ digest }) => seen?.has(digest) !== true)
      if (hidden === undefined) return null
      return refuse('not_found', `install ${command.install} asks for no authorization ${hidden.digest}`)
    }
    case 'set-baseline':
    case 'remove-baseline': {
      const { organization } = command.place
      const isSeen = [...state.appliances.values()].some((appliance) => appliance.organization === organization)
      return isSeen ? null : refuse('unknown_organization', `there is no organization ${organization} with appliances`)
    }
    case 'withdraw':
    case 'set-advisory':
    case 'set-due-days':
    case 'set-retention':
    case 'pin-patch':
    case 'unpin-patch':
    case 'set-limits':
    case 'rename-appliance':
    case 'retire-appliance':
    case 'trust-appliance':
    case 'revoke-token':
    case 'set-policy':
    case 'set-publisher':
    case 'remove-publisher':
    case 'set-window':
    case 'remove-window':
      return refuse('forbidden', 'this concerns every organization')
    default:
      return unreachable(command)
  }
}
