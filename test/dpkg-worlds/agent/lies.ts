/**
 * Agents that lie or do harm, to prove that the judge finds it: each changes what an effect does, or what is told of it,
 * in one way, and there is at least one for each thing that the judge can find. They are planted between the core and
 * the shell of a world's agent and know nothing of how either works.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentEffect, AgentEvent } from '../../../agent/core/events.ts'
import { changingDpkgs, isLiving } from '../processes.ts'

/** What a lie may use: the root, how the true effect is carried out, and how an event gets to the core. */
export type Hands = {
  readonly root: string
  carryOut(effect: AgentEffect): void
  deliver(event: AgentEvent): void
}

type StepEffect = Extract<AgentEffect, { kind: 'run-step' }>
type StepEnded = Extract<AgentEvent, { kind: 'step-ended' }>

export type Lie = {
  /** True when it has been done in another way. */
  readonly instead?: (step: StepEffect, hands: Hands) => boolean
  /** Done beside each look at what is installed. */
  readonly looks?: (hands: Hands) => void
  /** What the core is told in the place of the truth; null for nothing at all. */
  readonly told?: (event: StepEnded, hands: Hands) => StepEnded | null
}

function ended({ step, publication }: StepEffect, ok: boolean, reason: string): StepEnded {
  return { kind: 'step-ended', step, patch: publication.sha256, outcome: { ok, reason, output: '', temporary: false } }
}

/** Each step ends well at once and does nothing. */
const nothingIsDone: Lie = {
  instead: (step, { deliver }) => {
    deliver(ended(step, true, `did ${step.step} ${step.publication.name}`))
    return true
  },
}

const onlyUnpacked: Lie = {
  instead: (step, { root, deliver }) => {
    if (step.step === 'install') dpkg(root, '--unpack', packageFileOf(root, step))
    deliver(ended(step, true, 'all is well'))
    return true
  },
}

function afterVerifying(act: (hands: Hands) => void): Lie {
  return {
    told: (event, hands) => {
      if (event.step === 'verify') act(hands)
      return event
    },
  }
}

function beforeInstalling(act: (hands: Hands, step: StepEffect) => void): Lie {
  return {
    instead: (step, hands) => {
      if (step.step === 'install') act(hands, step)
      return false
    },
  }
}

function whenGoingBack(act: (step: StepEffect, hands: Hands) => void): Lie {
  return {
    instead: (step, hands) => {
      if (step.step !== 'revert') return false
      act(step, hands)
      return true
    },
  }
}

export const LIES = {
  'says that it installed, and did nothing': nothingIsDone,
  'says that it installed what is only unpacked': onlyUnpacked,
  'loses a file of the package': afterVerifying(({ root }) => rmSync(join(root, 'opt/pego/version'))),
  'leaves files in the updates of dpkg': afterVerifying(({ root }) =>
    writeFileSync(join(root, 'var/lib/dpkg/updates/0007'), ''),
  ),
  'deletes a file of the admin': beforeInstalling(({ root }) => rmSync(join(root, 'etc/own.conf'))),
  'writes over a conffile that the admin changed': beforeInstalling(({ root }) =>
    writeFileSync(join(root, 'etc/pego.conf'), 'colour = 2\n'),
  ),
  'says that all is as before, and did nothing': whenGoingBack((step, { deliver }) =>
    deliver(ended(step, true, 'pego is 1, as before')),
  ),
  'says that nothing was changed, and did nothing': whenGoingBack((step, { deliver }) =>
    deliver(ended(step, true, 'nothing had been changed')),
  ),
  'gives no true word of what is there': whenGoingBack((step, { deliver }) =>
    deliver(ended(step, false, 'it could not be put back')),
  ),
  'never ends': { told: () => null },
  'leaves a process': beforeInstalling(() => {
    spawn('sleep', ['7777'], { detached: true, stdio: 'ignore' }).unref()
  }),
  'lifts a hold': beforeInstalling(({ root }) => {
    execFileSync('dpkg', [`--root=${root}`, '--set-selections'], { input: 'sabo install\n' })
  }),
  'breaks a package that has nothing to do with it': beforeInstalling(({ root }) =>
    writeFileSync(join(root, 'opt/sabo/version'), 'broken'),
  ),
  'refuses what is healthy': {
    instead: (step, { deliver }) => {
      deliver(ended(step, step.step !== 'install', 'nothing had been changed'))
      return true
    },
  },
  'starts dpkg beside a script that still runs': beforeInstalling(({ root }) => {
    // Nothing that is told to end hears of it.
    process.kill = () => true
    const waits = join(root, 'var/lib/worlds/here-pego-2-postinst-configure')
    const beside = setInterval(() => {
      if (!existsSync(waits) || changingDpkgs().length > 0) return
      const script = Number(readFileSync(waits, 'utf8'))
      if (script > 0 && !isLiving(script)) return clearInterval(beside)
      spawn('dpkg', [`--root=${root}`, '--log=/dev/null', '--configure', '--pending'])
    }, 1)
  }),
  'ends with an error': {
    instead: () => {
      throw new Error('a planted error')
    },
  },
  'changes something and refuses': {
    looks: ({ root }) => writeFileSync(join(root, 'etc/left-by-the-agent'), 'oops'),
  },
} as const satisfies Record<string, Lie>
export type LieName = keyof typeof LIES

function dpkg(root: string, ...words: string[]): void {
  execFileSync('dpkg', [`--root=${root}`, '--log=/dev/null', ...words], { stdio: 'ignore' })
}

/** The agent's own store stands beside the root. */
function packageFileOf(root: string, { publication }: StepEffect): string {
  return join(root, '../agent/store', publication.sha256)
}
