/**
 * The updater of a simulated appliance: which release of the agent its process is, which one its disk keeps, and the trial
 * of another. It decides by the judgement of production; starting, ending and watching processes is done here, as
 * agent/shell/updater/ does it. Whoever runs the world says what is wrong with a release.
 */
import type { AgentEffect, Found, Outcome } from '../../agent/core/events.ts'
import { CUT_OFF, judgeTrial, type TrialEnd } from '../../agent/core/install/policies/trial.ts'
import { AGENT_PACKAGE } from '../../protocol/bundle/manifest.ts'
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import { compareVersions } from '../../protocol/version-order.ts'
import type { SimulatedAppliance } from './simulated-appliance.ts'
import type { Runs } from './simulated-installer.ts'
import type { World } from './world.ts'

/** It ends at once, never serves, or serves and is not heard: by nobody, by its peers, or by the Service Center. */
export const FLAWS = ['crashes', 'hangs', 'is mute', 'is mute to its peers', 'is mute to the Service Center'] as const
export type Flaw = (typeof FLAWS)[number]

export const FIRST_RELEASE = '1'
/** A process ends and another one begins. */
const EXCHANGE_MS = 1_000
const LOOK_EVERY_MS = 1_000
const REFUSED_AFTER_MS = 1_000
const WELL: Outcome = { ok: true, reason: '', output: '', temporary: false }

type Trial = { readonly release: string; readonly patch: Sha256; readonly before: string; wentBack: string | null }
type Step = Extract<AgentEffect, { kind: 'run-step' }>

export class SimulatedUpdater {
  /** On the disk: what the link names, and what is noted. */
  kept = FIRST_RELEASE
  trial: Trial | null = null
  /** Of the process that runs, or ran last. */
  release = FIRST_RELEASE
  isTried = false
  /** Every release that was ever tried here. */
  readonly everTried: string[] = []
  readonly #world: World
  readonly #appliance: SimulatedAppliance
  readonly #runs: Runs
  #facts = { isSeen: false, gaveUp: null as string | null, startedMs: 0 }

  constructor(world: World, appliance: SimulatedAppliance, runs: Runs) {
    this.#world = world
    this.#appliance = appliance
    this.#runs = runs
  }

  /** Which release a process is that begins now; one that nobody has begun for its trial follows a trial that was cut off. */
  begins(): string {
    if (!this.isTried) {
      const { trial } = this
      if (trial !== null && this.#isUnderWay(trial))
        trial.wentBack = `release ${trial.release} was not kept: ${CUT_OFF}`
      this.release = this.kept
    }
    this.#appliance.installer.changeByHand(AGENT_PACKAGE, this.release)
    return this.release
  }

  /** Its process has ended without its doing. */
  ended(): void {
    this.isTried = false
  }

  detect({ version }: Publication): Found {
    const result = compareVersions(this.release, version) >= 0 ? 'installed' : 'applicable'
    return { result, installedVersion: this.release, reason: '' }
  }

  run({ step, publication }: Step, ended: (outcome: Outcome) => void): void {
    const { generation } = this.#appliance
    const chosen = this.#appliance.installer.outcomes[step].shift()
    this.#runs.began(step, publication)
    this.#world.at(this.#world.nowMs + this.#appliance.installer.durationsMs[step], () => {
      const isGone = generation !== this.#appliance.generation
      const outcome = isGone ? null : (chosen ?? this.#outcomeOf(step, publication))
      this.#runs.ended(step, publication, outcome)
      if (outcome === null) return
      if (chosen !== undefined || !this.#exchanges(step, publication)) ended(outcome)
    })
  }

  /** Whether it is what this release cannot say; nobody takes its dial then. */
  mutes(effect: AgentEffect): boolean {
    if (!this.#isMuted(effect)) return false
    const appliance = this.#appliance
    if (effect.kind !== 'open') return true
    const { channel, peer } = effect
    appliance.process.later(REFUSED_AFTER_MS, () =>
      appliance.hear({ kind: 'closed', channel, peer, reason: 'no answer' }),
    )
    return true
  }

  #isMuted(effect: AgentEffect): boolean {
    const flaw = this.isTried ? this.#world.flaws.get(this.release) : undefined
    if (flaw === undefined || !('peer' in effect)) return false
    if (flaw === 'is mute') return effect.kind === 'open' || effect.kind === 'send-control'
    const { membership, roster } = this.#appliance.state
    const isAbove = (peer: PeerId): boolean => peer === membership?.serviceCenter
    const isPeer = (peer: PeerId): boolean => roster?.group.some((one) => one.peer === peer) ?? false
    const isMuteTo = flaw === 'is mute to its peers' ? isPeer : isAbove
    if (effect.kind === 'open') return isMuteTo(effect.peer)
    return effect.kind === 'send-control' && effect.message.kind === 'letter' && isMuteTo(effect.message.letter.to)
  }

  #isUnderWay({ wentBack, release }: Trial): boolean {
    return wentBack === null && this.kept !== release
  }

  #outcomeOf(step: Step['step'], { version, sha256 }: Publication): Outcome {
    if (step === 'install') return WELL
    const runs = this.release === version
    if (step === 'revert') return { ...WELL, reason: `release ${this.release} of the agent runs, as before` }
    if (runs) return WELL
    const why = this.trial?.patch === sha256 ? this.trial.wentBack : null
    return { ...WELL, ok: false, reason: why ?? `release ${this.release} of the agent runs, and not ${version}` }
  }

  /** Whether the process is another one after this step, which has no end in this one. */
  #exchanges(step: Step['step'], { version: release, sha256: patch }: Publication): boolean {
    if (step === 'install') {
      this.trial = { release, patch, before: this.kept, wentBack: null }
      this.everTried.push(release)
      this.#exchange(this.trial, () => this.#tryOut())
      return true
    }
    if (this.release !== release) return false
    if (step === 'verify') {
      this.#facts.isSeen ||= this.isTried
      return this.isTried
    }
    if (this.isTried) this.#facts.gaveUp = 'asked to be taken back'
    else this.kept = this.trial?.before ?? FIRST_RELEASE
    if (!this.isTried) this.#exchange(this.trial, () => this.#appliance.start())
    return true
  }

  /** Unless the machine has stopped meanwhile, and been started by somebody else. */
  #exchange(trial: Trial | null, next: () => void): void {
    this.#appliance.endForUpdater()
    this.isTried = false
    const { generation } = this.#appliance
    this.#world.at(this.#world.nowMs + EXCHANGE_MS, () => {
      if (this.trial === trial && generation === this.#appliance.generation) next()
    })
  }

  #tryOut(): void {
    const { trial } = this
    if (trial === null) return
    this.#facts = { isSeen: false, gaveUp: null, startedMs: this.#world.nowMs }
    this.#world.say(this.#appliance.name, `TRIES RELEASE ${trial.release}`)
    const flaw = this.#world.flaws.get(trial.release)
    if (flaw !== 'crashes' && flaw !== 'hangs') {
      this.release = trial.release
      this.isTried = true
      this.#appliance.start()
    }
    this.#look(trial, flaw, this.#appliance.generation)
  }

  #look(trial: Trial, flaw: Flaw | undefined, generation: number): void {
    // It stopped, and whoever started it has gone back.
    if (generation !== this.#appliance.generation || this.trial !== trial) return
    const end = this.#judge(trial, flaw)
    if (end === null) {
      this.#world.at(this.#world.nowMs + LOOK_EVERY_MS, () => this.#look(trial, flaw, generation))
      return
    }
    if (end.keeps) this.kept = trial.release
    else trial.wentBack = end.reason
    this.#world.say(this.#appliance.name, end.keeps ? `KEEPS RELEASE ${trial.release}` : `GOES BACK: ${end.reason}`)
    this.#exchange(trial, () => this.#appliance.start())
  }

  #judge({ release }: Trial, flaw: Flaw | undefined): TrialEnd | null {
    const { isSeen, gaveUp, startedMs } = this.#facts
    return judgeTrial({
      ...{ release, isSeen, gaveUp, seconds: this.#world.settings.seenWithinMs / 1000 },
      waitedMs: this.#world.nowMs - startedMs,
      isReady: this.isTried,
      ended: flaw === 'crashes' ? 'ended with status 3' : null,
    })
  }
}
