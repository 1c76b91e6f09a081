/** An install of a world in one line, for its story. */
import type { Install } from './drawn/world-plan.ts'

export function describe({ patch, kills, failures, disorder: broken, room, lock, admin }: Install): string {
  const words = [
    patch.kind === 'bundle' ? 'a bundle' : patch.spec.architecture,
    ...admin.map((act) => `admin ${act.act} ${act.path}`),
    ...failures,
    ...kills.map(
      ({ moment, victims, goesOn }) => `${JSON.stringify(moment)} kills ${victims.join('+') || 'nobody'}, ${goesOn}`,
    ),
    ...(broken === null ? [] : [broken]),
    ...(room === null ? [] : [`room ${JSON.stringify(room)}`]),
    ...(lock === null ? [] : [`${lock.file} held from ${lock.from}`]),
  ]
  return words.join('; ')
}
