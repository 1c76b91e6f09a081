/**
 * Runs a world until something is over, or until it can be seen that it never will be: no byte has crossed a WAN link
 * and nothing was installed for hours of virtual time.
 */
import type { World } from './world.ts'

const LOOK_EVERY_MS = 10_000
const GIVE_UP_MS = 2 * 3_600_000

/** Called after every event: it makes a line only when it is time for one. */
export type Tell = (line: () => string) => void

export function runToEnd(
  world: World,
  { isOver, line, progress }: { isOver: () => boolean; line: () => string; progress: Tell },
): void {
  let [movedMs, moved] = [world.nowMs, -1]
  const look = (): boolean => {
    progress(line)
    return isOver()
  }
  while (!world.runUntil(look, world.nowMs + LOOK_EVERY_MS)) {
    const now = movement(world)
    if (now !== moved) [movedMs, moved] = [world.nowMs, now]
    else if (world.nowMs - movedMs > GIVE_UP_MS) return
  }
}

/** Grows while anything gets on. */
function movement({ network, disruptions }: World): number {
  let bytes = disruptions.all.length
  for (const { down, up } of network.sites.values()) bytes += down.pieceBytes + up.pieceBytes
  return bytes
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(0)
}
