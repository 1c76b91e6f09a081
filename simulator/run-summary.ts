/**
 * What a run took, in a few lines for a person; the same for a run in virtual time and for one of real processes.
 */
export type RunSummary = {
  readonly replications: { readonly complete: number; readonly total: number }
  /** From the end of the upload to the last copy; null if that never came. */
  readonly makespanMs: number | null
  readonly boundMs: number
  /** Null where no link has a rate. */
  readonly ratio: number | null
  /** Copies that went over the WAN into a Data Center; null where nothing counts them. */
  readonly wanFactor: { readonly mean: number | null; readonly max: number | null }
  readonly faults: 'none' | 'some' | 'all'
  /** How often each kind of fault happened. */
  readonly faultsHappened: Readonly<Record<string, number>>
  readonly install: InstallSummary | null
}

type InstallSummary = {
  readonly state: string
  readonly installed: number
  readonly total: number
  readonly tookMs?: number | null
  /** Those that did not install it, with why, where that is known. */
  readonly others?: readonly { readonly appliance: string; readonly state: string; readonly reason: string }[]
}

const SHOWN_REASONS = 6
const SHOWN_NAMES = 4

export function summary(run: RunSummary): string {
  const lines = [transferLine(run)]
  if (run.faults !== 'none') lines.push(`faults: ${faultsText(run.faultsHappened)}`)
  if (run.install !== null) lines.push(installLine(run.install), ...reasonLines(run.install.others ?? []))
  return lines.join('\n')
}

/** `1 kill, 2 links down, 3 × freeze`. */
export function faultsText({ kills = 0, linkDowns = 0, ...others }: RunSummary['faultsHappened']): string {
  return [
    kills === 1 ? '1 kill' : `${kills} kills`,
    linkDowns === 1 ? '1 link down' : `${linkDowns} links down`,
    ...Object.entries(others).map(([kind, times]) => `${times} × ${kind}`),
  ].join(', ')
}

/** `who and 3 more – waiting: why`, one for each reason. */
export function reasonLines(others: NonNullable<InstallSummary['others']>): string[] {
  const byReason = Map.groupBy(others, ({ state, reason }) => `${state}: ${reason}`)
  const lines = [...byReason].slice(0, SHOWN_REASONS).map(([reason, those]) => {
    const more = those.length > SHOWN_NAMES ? ` and ${those.length - SHOWN_NAMES} more` : ''
    const names = those.slice(0, SHOWN_NAMES).map(({ appliance }) => appliance)
    return `${names.join(', ')}${more} – ${reason}`
  })
  const left = byReason.size - lines.length
  return left > 0 ? [...lines, `and ${left} other reasons`] : lines
}

function transferLine({ replications, makespanMs, boundMs, ratio, wanFactor }: RunSummary): string {
  const took = makespanMs === null ? 'not complete' : `complete after ${seconds(makespanMs)}`
  const against = ratio === null ? '' : `, ${ratio} times the bound of ${seconds(boundMs)}`
  const wan = wanFactor.mean === null ? '' : `, WAN factor ${wanFactor.mean} (at most ${wanFactor.max})`
  return `replications ${replications.complete}/${replications.total}, ${took}${against}${wan}`
}

function installLine({ state, installed, total, tookMs }: InstallSummary): string {
  const took = typeof tookMs === 'number' ? ` after ${seconds(tookMs)}` : ''
  const how = state === 'running' || state === 'planned' ? 'and the others would wait for ever' : `${state}${took}`
  return `installed ${installed}/${total}, ${how}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
