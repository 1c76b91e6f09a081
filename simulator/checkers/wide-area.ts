/**
 * The scarce link: into a Data Center goes one copy of each publication and at most two pieces more, from whomever, where
 * no fault hit somebody who takes part in that; a tenant appliance takes pieces from its own depot only, and gives none.
 */
import { type Checker, dataCenterOf, type Evidence, isTenant } from './evidence.ts'

/** A piece may be on its way already when it is asked of a faster source. */
const SLACK_PIECES = 2

export function wideArea(evidence: Evidence): Checker {
  const { world } = evidence
  const crossed = new Map<string, number>()
  const publications = new Map<string, number>()
  let looked = 0
  const look = (): void => {
    for (; looked < world.taken.length; looked++) {
      const taken = world.taken[looked]
      if (taken === undefined) continue
      const { from, to, patch } = taken
      const isInside = from !== 'service-center' && dataCenterOf(from) === dataCenterOf(to)
      evidence.expect(
        from === 'service-center' ? !isTenant(to) : !isTenant(from) && (isInside || !isTenant(to)),
        'nothing crosses organizations',
        () => `${to} takes a piece from ${from}`,
      )
      if (isInside) continue
      const key = `${dataCenterOf(to)} ${patch}`
      crossed.set(key, (crossed.get(key) ?? 0) + 1)
    }
  }
  return {
    name: 'one copy crosses the WAN',
    committed(change) {
      if (change.table === 'patches' && change.row.withdrawal === null)
        publications.set(change.row.sha256, (publications.get(change.row.sha256) ?? 0) + 1)
    },
    sweep() {
      look()
      for (const [key, pieces] of crossed) {
        const [dataCenter = '', patch = ''] = key.split(' ')
        if (evidence.excused.has(dataCenter)) continue
        const copy = [...evidence.patches.values()].find(({ publication }) => publication.sha256 === patch)
        const allowed = (copy?.pieces.length ?? 0) * (publications.get(patch) ?? 1) + SLACK_PIECES
        evidence.expect(
          pieces <= allowed,
          'one copy crosses the WAN',
          () => `${pieces} pieces of ${copy?.publication.name} went into ${dataCenter}, where ${allowed} would do`,
        )
      }
    },
  }
}
