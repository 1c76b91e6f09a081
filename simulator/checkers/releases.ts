/**
 * Releases of the agent, judged by what the world knows of them and what lies on each disk: none that has a flaw is kept by
 * anybody, no two members of a group are tried at once, and whoever is said to have a release runs it.
 */
import { AGENT_KIND } from '../../protocol/bundle/manifest.ts'
import { type Checker, type Evidence, groupOf } from './evidence.ts'

export function releases(evidence: Evidence): Checker {
  const name = 'a release that nobody can hear is never kept'
  const { world } = evidence
  return {
    name,
    sweep() {
      const tried = new Map<string, string>()
      for (const who of world.appliances.values()) {
        const { kept, isTried } = who.updater
        const flaw = world.flaws.get(kept)
        evidence.expect(flaw === undefined, name, () => `${who.name} keeps release ${kept}, which ${flaw}`)
        if (!isTried) continue
        const group = groupOf(who.name)
        const other = tried.get(group)
        evidence.expect(other === undefined, name, () => `${who.name} and ${other} try a release at once`)
        tried.set(group, who.name)
      }
    },
    ended() {
      for (const [id, { patch }] of world.center.state.installs) {
        const manifest = evidence.patches.get(patch)?.publication.manifest
        if (manifest?.kind !== AGENT_KIND) continue
        for (const { appliance, state, installedVersion } of world.center.state.targets.get(id)?.values() ?? []) {
          const who = evidence.appliances.get(appliance)
          const isSo = state !== 'installed' || installedVersion === who?.updater.release
          evidence.expect(
            isSo,
            name,
            () => `${evidence.nameOf(appliance)} is said to run ${installedVersion}, and runs ${who?.updater.release}`,
          )
        }
      }
    },
  }
}
