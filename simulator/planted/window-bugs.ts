/**
 * Planted in what decides when installs may begin.
 */
import type { PlantedBug } from './bugs.ts'

const checkers = ['nothing begins outside of its window']

export const windowBugs: readonly PlantedBug[] = [
  {
    name: 'nobody waits for a maintenance window',
    file: 'controller/core/rollout/policies/maintenance-window.ts',
    find: 'install.outsideWindows ? null : whyOutside(',
    replace: "install.state !== 'planned' ? null : whyOutside(",
    checkers,
  },
  {
    name: 'an order may begin until its install ends, whenever its window does',
    file: 'controller/core/rollout/ordering.ts',
    find: '      ...beginByOf(state, install, appliance, members),\n',
    replace: '',
    checkers,
  },
  {
    name: 'an appliance looks when its order ends, and not by when it is to begin',
    file: 'agent/core/install/policies/order-time.ts',
    find: '[beginBy ?? expiresAt, wallMs + behindMs]',
    replace: '[expiresAt, wallMs + behindMs]',
    checkers,
  },
  {
    name: 'a blackout that has begun is only looked at for its next beginning',
    file: 'controller/core/windows/room.ts',
    find: '  if (near.some(({ now }) => now !== null)) return null\n',
    replace: '',
    checkers,
  },
]
