/**
 * Bytes: nothing that was not verified is stored, relayed, installed or kept under a final name.
 */
import type { Checker, Evidence } from './evidence.ts'

export function storage(evidence: Evidence): Checker {
  const name = 'only verified bytes'
  const { world } = evidence
  return {
    name,
    performed(who, effect) {
      switch (effect.kind) {
        case 'store-piece':
        case 'send-piece': {
          const { patch, index } = effect
          if (!evidence.patches.has(patch) || evidence.isDamaged(who.name, patch)) break
          // A loss of power right after it tears what was written, and a disk that refuses keeps what was there.
          const isRefused = who.store.isFull || who.store.disk.failing.has('write')
          if (!who.isRunning || isRefused || evidence.spoiled.has(`${who.name} ${patch}`)) break
          const verb = effect.kind === 'store-piece' ? 'stored' : 'relays'
          evidence.expect(
            evidence.onDisk(who.store, patch, index) !== 'wrong',
            name,
            () => `${who.name} ${verb} piece ${index} of ${evidence.titleOf(patch)} with wrong bytes`,
          )
          break
        }
        case 'run-step': {
          const { sha256 } = effect.publication
          if (effect.step !== 'install' || evidence.isDamaged(who.name, sha256)) break
          evidence.expect(
            evidence.holds(who, sha256),
            name,
            () => `${who.name} installs ${evidence.titleOf(sha256)} without a verified copy on its disk`,
          )
          break
        }
        default:
      }
    },
    sweep() {
      for (const who of world.appliances.values()) {
        for (const patch of who.store.held().keys()) {
          if (evidence.isDamaged(who.name, patch)) continue
          evidence.expect(
            evidence.holds(who, patch),
            name,
            () => `${who.name} keeps ${evidence.titleOf(patch)} under its final name with wrong bytes`,
          )
        }
      }
    },
  }
}
