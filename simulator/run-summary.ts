/**
 * What a run took, in one line for a person; the same for a run in virtual time and for one of real processes.
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
}

export function summary({ replications, makespanMs, boundMs, ratio, wanFactor }: RunSummary): string {
  const took = makespanMs === null ? 'not complete' : `complete after ${seconds(makespanMs)}`
  const against = ratio === null ? '' : `, ${ratio} times the bound of ${seconds(boundMs)}`
  const wan = wanFactor.mean === null ? '' : `, WAN factor ${wanFactor.mean} (at most ${wanFactor.max})`
  return `replications ${replications.complete}/${replications.total}, ${took}${against}${wan}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
