/**
 * Everything ends: every order, every install, every transfer; what has not ended says why in words; and what is told
 * to be installed is installed.
 */
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import { type Checker, type Evidence, hasEnded } from './evidence.ts'
import { Programs } from './programs.ts'

export function ending(evidence: Evidence): Checker {
  const { world } = evidence
  const programs = new Programs(evidence)
  return {
    name: 'every order ends',
    sweep() {
      const name = 'every state has a reason'
      const { state } = world.center
      for (const targets of state.targets.values())
        for (const target of targets.values())
          evidence.expect(
            hasEnded(target.state) || target.reason !== '',
            name,
            () => `${evidence.nameOf(target.appliance)} is ${target.state} and nobody says why`,
          )
    },
    said(from, _to, message) {
      if (message.kind !== 'progress') return
      const { state, reason, patch } = message.progress
      evidence.expect(
        state !== 'waiting' || reason !== '',
        'every state has a reason',
        () => `${evidence.nameOf(from)} tells that ${evidence.titleOf(patch)} is ${state} and not why`,
      )
    },
    pending() {
      for (const who of evidence.fleet()) {
        // Its orders end all the same, when nothing was heard for long enough.
        if (evidence.isStranded(who)) continue
        if (!world.center.state.sessions.has(who.peer)) return `${who.name} is not connected`
        const ongoing = programs.on(who).find(({ toMs }) => toMs === null)
        if (ongoing !== undefined) return `on ${who.name} a program of an installer runs: ${ongoing.step}`
        const disrupting = programs.disrupting(who)
        if (disrupting !== null) return `${who.name} does not serve since its ${disrupting.step}`
      }
      for (const targets of world.center.state.targets.values())
        for (const target of targets.values())
          if (target.order !== null && !hasEnded(target.state))
            return `the order to ${evidence.nameOf(target.appliance)} is ${target.state}: ${target.reason}`
      return null
    },
    ended() {
      const { state } = world.center
      for (const install of state.installs.values())
        evidence.expect(
          !isUnderWay(install.state),
          'every install ends',
          () => `install ${install.id} is still running`,
        )
      for (const [install, targets] of state.targets) {
        const version = state.patches.get(state.installs.get(install)?.patch ?? ('' as never))?.publication
        for (const { appliance, state: reached } of targets.values()) {
          evidence.expect(
            hasEnded(reached),
            'every install ends',
            () => `${evidence.nameOf(appliance)} is still ${reached}`,
          )
          // Of two machines with one key, the other may have installed it.
          if (reached !== 'installed' || version === undefined || evidence.clones.has(appliance)) continue
          const found = evidence.appliances.get(appliance)?.installer.installedVersion(version.name)
          evidence.expect(
            found === version.version,
            'what is told to be installed is installed',
            () => `${evidence.nameOf(appliance)} is told to have ${version.name} installed, and has ${found}`,
          )
        }
      }
    },
  }
}
