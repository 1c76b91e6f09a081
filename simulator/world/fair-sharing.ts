/**
 * What each flow gets of the links that it goes over: max-min fairness by progressive filling (Bertsekas and Gallager,
 * "Data Networks", section 6.5.2). All flows grow alike until a link is full or a flow has all it can use; those stay
 * there and the others go on. It is how many long TCP streams share a bottleneck, and it wastes nothing.
 */

/** A direction of a link. */
export type SharedLink = { bytesPerMs: number; readonly flows: Set<SharedFlow> }
export type SharedFlow = {
  readonly path: readonly SharedLink[]
  /** What it could use if it were alone; may be infinite. */
  readonly ceilingBytesPerMs: number
  rateBytesPerMs: number
}

/** Sets the rate of each flow. `flows` are all that share a link, directly or over other flows. */
export function shareFairly(flows: Iterable<SharedFlow>): void {
  let growing: { flow: SharedFlow; ceiling: number }[] = []
  const shared = new Map<SharedLink, { left: number; growing: number }>()
  for (const flow of flows) {
    let ceiling = flow.ceilingBytesPerMs
    for (const link of flow.path) {
      // A link that it has for itself only bounds it: the usual case, and one round less for each.
      if (link.flows.size === 1) ceiling = Math.min(ceiling, link.bytesPerMs)
      else if (!shared.has(link)) shared.set(link, { left: link.bytesPerMs, growing: link.flows.size })
    }
    growing.push({ flow, ceiling })
  }
  while (growing.length > 0) {
    let share = Number.POSITIVE_INFINITY
    for (const { left, growing: count } of shared.values()) if (count > 0) share = Math.min(share, left / count)
    const content = growing.filter(({ ceiling }) => ceiling <= share)
    const fixed = content.length > 0 ? content : growing.filter(({ flow }) => isHeldTo(share, flow, shared))
    const isFixed = new Set(fixed)
    for (const { flow, ceiling } of fixed) {
      flow.rateBytesPerMs = Math.min(ceiling, share)
      for (const link of flow.path) {
        const room = shared.get(link)
        if (room === undefined) continue
        room.left = Math.max(0, room.left - flow.rateBytesPerMs)
        room.growing -= 1
      }
    }
    growing = growing.filter((flow) => !isFixed.has(flow))
  }
}

/** One of its links is among the fullest; the margin is for the rounding of a division. */
function isHeldTo(share: number, { path }: SharedFlow, shared: Map<SharedLink, { left: number; growing: number }>) {
  return path.some((link) => {
    const room = shared.get(link)
    return room !== undefined && room.left / room.growing <= share * (1 + 1e-9)
  })
}
