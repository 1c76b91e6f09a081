/**
 * Who cannot reach whom. A cut is loud: streams end at once, as after a reset. A silence is what a pulled cable does:
 * packets one way, both ways, or all that cross a site's WAN link vanish, and nobody is told.
 */
export type Whereabouts = { readonly name: string; readonly site: string | null }

export class Partitions {
  readonly #cuts = new Set<string>()
  readonly #silences = new Set<string>()
  readonly #isolated = new Set<string>()

  cut(one: string, other: string): void {
    this.#cuts.add(pair(one, other))
  }

  silence(from: string, to: string): void {
    this.#silences.add(arrow(from, to))
  }

  isolate(site: string): void {
    this.#isolated.add(site)
  }

  rejoin(site: string): void {
    this.#isolated.delete(site)
  }

  mend(one: string, other: string): void {
    this.#cuts.delete(pair(one, other))
    this.#silences.delete(arrow(one, other))
    this.#silences.delete(arrow(other, one))
  }

  mendAll(): void {
    for (const faults of [this.#cuts, this.#silences, this.#isolated]) faults.clear()
  }

  isCut(one: string, other: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(pair(one, other))
  }

  /** Whether packets from one to the other vanish. */
  isSilent(from: Whereabouts, to: Whereabouts): boolean {
    if (this.#silences.size > 0 && this.#silences.has(arrow(from.name, to.name))) return true
    if (this.#isolated.size === 0 || from.site === to.site) return false
    return [from.site, to.site].some((site) => site !== null && this.#isolated.has(site))
  }
}

export function pair(one: string, other: string): string {
  return [one, other].sort().join(' - ')
}

function arrow(from: string, to: string): string {
  return `${from} > ${to}`
}
