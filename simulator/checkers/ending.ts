/**
 * Everything ends: every order, every install, every transfer; what has not ended says why in words; and what is told
 * to be installed is installed.
 */
import { type Checker, type Evidence, hasEnded } from './evidence.ts'

export function ending(evidence: Evidence): Checker {
  const { world } = evidence
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
      for (const who of world.appliances.values())
        for (const { phase } of who.state.replicas.values())
          evidence.expect(
            !(phase.name === 'waiting' || phase.name === 'blocked') || phase.reason !== '',
            name,
            () => `a patch on ${who.name} is ${phase.name} and nobody says why`,
          )
    },
    pending() {
      for (const who of evidence.fleet()) {
        // Its orders end all the same, when nothing was heard for long enough.
        if (evidence.isStranded(who)) continue
        if (!world.center.state.sessions.has(who.peer)) return `${who.name} is not connected`
        const { attempt, queue } = who.state.orders
        if (attempt !== null) return `${who.name} is still at an order, ${attempt.phase}`
        if (queue.length > 0) return `${who.name} has an order in its queue`
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
          install.state !== 'running',
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
          if (reached !== 'installed' || version === undefined) continue
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
