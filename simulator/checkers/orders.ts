/**
 * Installing: only under an order that the Service Center wrote down for this appliance, before it expires, never of a
 * withdrawn patch, at most once for each order, and never on both members of a group at a time; and nobody who was
 * ordered is given up while it may still be at it.
 */
import type { TargetRecord } from '../../controller/core/records.ts'
import { type InstallId, type OrderId, type PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'
import { type Checker, dataCenterOf, type Evidence, groupOf, hasEnded, organizationOf } from './evidence.ts'
import { Programs } from './programs.ts'

/** Of each order: what fails for now is tried once more. */
const TRIES_AT_MOST = 2
/** A clock is told every half second. */
const TICK_SLACK_MS = 1_000
/** An answer is at most ten seconds old, by a clock that may be slow and is told every half second. */
const FRESH_MS = 12_000
/** Nobody is called silent sooner, whatever the wall clocks say. */
const SILENT_MS = 15 * 60_000

type Known = { install: InstallId; appliance: string; patch: Sha256; expiresAt: number }

export function orders(evidence: Evidence): Checker {
  const { world } = evidence
  const known = new Map<OrderId, Known>()
  const outages = new Set<InstallId>()
  const installs = new Map<InstallId, { patch: Sha256; deadlineAt: number }>()
  const withdrawn = new Set<Sha256>()
  const targets = new Map<string, TargetRecord>()
  /** When each target was ordered, or said something new; in virtual time. */
  const heardMs = new Map<string, number>()
  const programs = new Programs(evidence)

  /** Those that the Service Center wrote down for this appliance and patch. */
  const ordersFor = (who: SimulatedAppliance, patch: Sha256): Known[] =>
    [...known.values()].filter((order) => order.appliance === who.peer && order.patch === patch)

  const isOutageAllowed = (who: SimulatedAppliance, patch: Sha256 | null): boolean =>
    patch !== null && ordersFor(who, patch).some(({ install }) => outages.has(install))

  /** Judges an order at the moment at which it is written down. */
  const ordered = ({ appliance }: TargetRecord): void => {
    const name = evidence.nameOf(appliance)
    for (const other of targets.values()) {
      if (other.order === null || hasEnded(other.state) || other.appliance === appliance) continue
      const busy = evidence.nameOf(other.appliance)
      evidence.expect(
        organizationOf(busy) !== organizationOf(name) || dataCenterOf(busy) === dataCenterOf(name),
        'one Data Center of an organization at a time',
        () => `${name} is ordered to install while ${busy} has not ended`,
      )
    }
  }

  /** Its ledger was put back to an older one, or it is not alone: it may know nothing of what it has said. */
  const hasForgotten = (peer: PeerId): boolean => evidence.setBack.has(peer) || evidence.clones.has(peer)

  /** H2: a member that its roster names has said within the last seconds that it serves. */
  const hasAnswered = (who: SimulatedAppliance, other: SimulatedAppliance, does: string): void => {
    const isNamed = who.state.roster?.group.some(({ peer }) => peer === other.peer) === true
    const awayMs = other.process.awayForMs
    evidence.expect(
      !isNamed || awayMs <= FRESH_MS || evidence.clones.has(other.peer),
      'nobody is interrupted beside a member that is away',
      () => `${who.name} begins to ${does} when ${other.name} has been away for ${Math.round(awayMs / 1000)} s`,
    )
  }

  /** H1 and H2, for whoever begins to be interrupted. */
  const isAlone = (
    who: SimulatedAppliance,
    does: string,
    { patch, beginning }: { patch: Sha256 | null; beginning: boolean },
  ) => {
    // Nobody is left who could tell a machine that is none of the fleet any more, and it serves nobody.
    if (isOutageAllowed(who, patch) || !evidence.isMember(who)) return
    for (const other of evidence.fleet()) {
      if (other === who || groupOf(other.name) !== groupOf(who.name)) continue
      const run = programs.disrupting(other)
      evidence.expect(
        run === null || isOutageAllowed(other, run.patch),
        'never both members of a group',
        () => `${who.name} begins to ${does} while ${other.name} does not serve since its ${run?.step}`,
      )
      if (beginning) hasAnswered(who, other, does)
    }
  }

  const followTarget = (row: TargetRecord): void => {
    const key = `${row.install} ${row.appliance}`
    const before = targets.get(key)
    if (row.order !== null && (before?.order == null || before.counter !== row.counter)) heardMs.set(key, world.nowMs)
    const silentMs = world.nowMs - (heardMs.get(key) ?? 0)
    evidence.expect(
      row.state !== 'unknown' || silentMs >= SILENT_MS || hasForgotten(row.appliance),
      'nobody is given up too early',
      () => `${evidence.nameOf(row.appliance)} is given up ${Math.round(silentMs / 1000)} s after it was heard of`,
    )
    targets.set(key, row)
  }

  return {
    name: 'orders',
    committed(change) {
      if (change.table === 'installs') {
        if (change.row.allowOutage) outages.add(change.row.id)
        installs.set(change.row.id, change.row)
      } else if (change.table === 'patches') {
        if (change.row.withdrawal === null) withdrawn.delete(change.row.sha256)
        else withdrawn.add(change.row.sha256)
      } else if (change.table === 'targets' && change.row.order !== null) {
        const { install, appliance, order } = change.row
        const { patch, deadlineAt: expiresAt } = installs.get(install) ?? {
          patch: Sha256.parse('00'.repeat(32)),
          deadlineAt: 0,
        }
        // Somebody who resumes an install gives it more time, and not the orders that are out.
        if (!known.has(order.id)) {
          known.set(order.id, { install, appliance, patch, expiresAt })
          ordered(change.row)
        }
      }
      if (change.table === 'targets') followTarget(change.row)
    },
    performed(who, effect) {
      if (effect.kind === 'run-hook' && effect.hook === 'release') {
        const patch = who.state.orders.attempt?.order.patch ?? null
        isAlone(who, 'give up its service', { patch, beginning: true })
      }
      if (effect.kind !== 'run-step' || effect.step === 'verify') return
      const { name: title, sha256, manifest } = effect.publication
      const given = ordersFor(who, sha256)
      evidence.expect(
        given.length > 0,
        'no install without an order',
        () => `${who.name} begins to ${effect.step} ${title}, which the Service Center never ordered there`,
      )
      if (effect.step === 'install') {
        const { wallMs } = who.process.clock.read(world.nowMs, world.wall)
        evidence.expect(
          given.some(({ expiresAt }) => wallMs - TICK_SLACK_MS <= expiresAt),
          'no install after its order expired',
          () => `${who.name} begins to install ${title} when the order has expired`,
        )
        evidence.expect(
          !withdrawn.has(sha256) || !evidence.isMember(who),
          'a withdrawn patch is never installed',
          () => `${who.name} begins to install ${title}, which is withdrawn`,
        )
        evidence.expect(
          world.isSigned(effect.publication),
          'only what a publisher has signed',
          () => `${who.name} begins to install ${title}, which none of its publishers has signed`,
        )
        evidence.expect(
          programs.starts(who, sha256) <= given.length,
          'an order executes at most once',
          () =>
            `${who.name} has started the installer of ${title} ${programs.starts(who, sha256)} times under ${given.length} orders`,
        )
        const tries = programs.tries(who, sha256)
        evidence.expect(
          tries <= TRIES_AT_MOST * given.length,
          'an order executes at most once',
          () => `${who.name} tries to install ${title} for the ${tries}th time under ${given.length} orders`,
        )
      }
      if (manifest.impact.restart === 'none') return
      isAlone(who, `${effect.step} ${title}`, { patch: sha256, beginning: effect.step === 'install' })
    },
  }
}
