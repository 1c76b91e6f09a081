/**
 * What each flow gets of the links that it goes over: max-min fairness, as many long TCP streams share bottlenecks, found
 * from link to link (Charny, Clark and Jain, "Congestion Control with Explicit Rate Indication", IEEE ICC 1995). Each link
 * has a level, the most that one of its flows may have, so that those which get less elsewhere leave the rest to the
 * others; a flow has the lowest level of its path. A link whose flows have changed looks again, and where that changes a
 * rate, so do the flow's other links. Changes below a margin go no further, so what begins or ends here costs little in
 * another corner of the world. No link ever carries more than it can, and a full one leaves about the margin unused.
 */

/** A link keeps its level while a fair one would be higher by less than this; falls of a rate are told from here on. */
export const MARGIN = 0.02
/** After so many looks for one change a level no longer rises, and so it ends. */
const MOST_LOOKS = 8
/** Two results of the same sum in another order. */
const ROUNDING = 1e-9

/** A direction of a link. */
export type SharedLink = {
  bytesPerMs: number
  readonly flows: Set<SharedFlow>
  /** Infinite where the link holds nobody back. */
  levelBytesPerMs: number
}
export type SharedFlow = {
  readonly path: readonly SharedLink[]
  /** What it could use if it were alone; may be infinite. */
  readonly ceilingBytesPerMs: number
  rateBytesPerMs: number
  /** Its rate when its links last looked because of it. */
  toldBytesPerMs: number
}

/** Sets the rates anew after these links or their flows have changed; gives the flows whose rate was set. */
export function shareFairly(changed: Iterable<SharedLink>): Set<SharedFlow> {
  const waiting = new Set(changed)
  const looks = new Map<SharedLink, number>()
  const set = new Set<SharedFlow>()
  for (const link of waiting) {
    // Out of the line, so that it can be put at the end of it again.
    waiting.delete(link)
    const count = looks.get(link) ?? 0
    looks.set(link, count + 1)
    findLevel(link, count < MOST_LOOKS)
    for (const flow of link.flows) {
      const rate = allowedOn(flow, null)
      const before = flow.rateBytesPerMs
      if (rate === before) continue
      flow.rateBytesPerMs = rate
      set.add(flow)
      // Who takes more must be made room for; what is left over is only a pity.
      if (rate < before && rate > flow.toldBytesPerMs * (1 - MARGIN)) continue
      flow.toldBytesPerMs = rate
      for (const other of flow.path) if (other !== link) waiting.add(other)
    }
  }
  return set
}

function findLevel(link: SharedLink, mayRise: boolean): void {
  const before = link.levelBytesPerMs
  const fair = fairLevel(link)
  if (fair < before * (1 - ROUNDING) || (mayRise && fair > before * (1 + MARGIN))) link.levelBytesPerMs = fair
}

/** Those that get less elsewhere have that; the others share what is left alike. */
function fairLevel(link: SharedLink): number {
  let sharing: number[] = []
  for (const flow of link.flows) sharing.push(allowedOn(flow, link))
  let left = link.bytesPerMs
  for (;;) {
    const level = left / sharing.length
    const greater: number[] = []
    for (const allowed of sharing) {
      if (allowed > level) greater.push(allowed)
      else left -= allowed
    }
    if (greater.length === 0) return Number.POSITIVE_INFINITY
    if (greater.length === sharing.length) return level
    sharing = greater
  }
}

/** What a flow may have, as far as all links but one say. */
function allowedOn({ path, ceilingBytesPerMs }: SharedFlow, but: SharedLink | null): number {
  let allowed = ceilingBytesPerMs
  for (let at = 0; at < path.length; at++) {
    const link = path[at] as SharedLink
    if (link !== but && link.levelBytesPerMs < allowed) allowed = link.levelBytesPerMs
  }
  return allowed
}
