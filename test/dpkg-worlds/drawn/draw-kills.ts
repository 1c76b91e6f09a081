/**
 * Draws which scripts fail around an install, and who is killed when. A moment is an event and not a time: an effect of
 * the agent's, a script that has come to a certain place, a file that appears, so that a seed replays alike.
 */
import { nextBelow, type Random } from '../../../protocol/random.ts'
import { happens } from '../../../simulator/world/child-random.ts'
import { type BundleProgram, programRun } from './bundle-spec.ts'
import { pick } from './draw-package.ts'
import { type ScriptName, scriptRun } from './package-spec.ts'
import type { Patch, Resident } from './world-plan.ts'

export type Moment =
  /** One of the agent's effects, by its name. */
  | { readonly at: 'effect'; readonly effect: string; readonly when: 'before' | 'after' }
  /** A script or a program of a bundle waits at its mark. */
  | { readonly at: 'script'; readonly run: string }
  /** dpkg unpacks a file that takes a while. */
  | { readonly at: 'unpacking' }
  /** A file of this name appears in the scratch folder of the task. */
  | { readonly at: 'scratch'; readonly file: string }

export type Victim = 'agent' | 'dpkg' | 'script'

export type Kill = {
  readonly moment: Moment
  /** In this order; nobody for a script that is only held up. */
  readonly victims: readonly Victim[]
  /** When a script that waits may go on: a while after its moment or after the agent's restart, or once a lie is found. */
  readonly goesOn: 'before-restart' | 'after-restart' | 'once-found'
}

const EFFECTS = ['run-step install', 'run-step verify', 'run-step revert', 'record'] as const
const SCRATCH_FILES = ['before.json', 'running-program.json', 'package.deb', 'rehearsal', 'payload'] as const
const PROGRAMS: readonly BundleProgram[] = ['install', 'health', 'revert']
const PARTIES: readonly (readonly Victim[])[] = [
  ['agent'],
  ['agent'],
  ['dpkg'],
  ['script'],
  ['agent', 'dpkg'],
  ['dpkg', 'agent'],
  ['agent', 'script'],
  ['agent', 'dpkg', 'script'],
  ['script', 'dpkg', 'agent'],
]

/** The runs of scripts that installing the patch, or going back from it, can bring about. */
function runsOf(patch: Patch, resident: Resident | undefined): { forward: string[]; back: string[] } {
  if (patch.kind === 'bundle') {
    const runs = PROGRAMS.map((program) => programRun(patch.spec, program))
    return { forward: runs.slice(0, 2), back: runs.slice(2) }
  }
  const of = (spec: Parameters<typeof scriptRun>[0], ...runs: [ScriptName, string][]): string[] =>
    runs.map(([script, argument]) => scriptRun(spec, script, argument))
  const { spec } = patch
  if (resident === undefined) {
    return {
      forward: of(spec, ['preinst', 'install'], ['postinst', 'configure'], ['postinst', 'configure']),
      back: of(spec, ['prerm', 'remove'], ['postrm', 'remove'], ['postrm', 'purge'], ['postrm', 'abort-install']),
    }
  }
  const old = resident.spec
  return {
    forward: [
      ...of(old, ['prerm', 'upgrade'], ['postrm', 'upgrade']),
      ...of(spec, ['preinst', 'upgrade'], ['preinst', 'install'], ['postinst', 'configure'], ['postinst', 'configure']),
    ],
    back: [
      ...of(
        spec,
        ['prerm', 'upgrade'],
        ['postrm', 'upgrade'],
        ['prerm', 'failed-upgrade'],
        ['postrm', 'abort-upgrade'],
      ),
      ...of(
        old,
        ['preinst', 'upgrade'],
        ['preinst', 'abort-upgrade'],
        ['postinst', 'configure'],
        ['postinst', 'abort-upgrade'],
      ),
    ],
  }
}

export function drawFailures(patch: Patch, resident: Resident | undefined, random: Random): string[] {
  if (happens(random, 0.5)) return []
  const { forward, back } = runsOf(patch, resident)
  const kind = happens(random, 0.2) ? 'once' : 'fail'
  const hangs = patch.kind === 'package' && happens(random, 0.06)
  return [
    `${hangs ? 'hang' : kind}-${pick(random, forward)}`,
    ...(happens(random, 0.25) ? [`${happens(random, 0.5) ? 'once' : 'fail'}-${pick(random, back)}`] : []),
  ]
}

export function drawKills(patch: Patch, resident: Resident | undefined, random: Random): Kill[] {
  const count = happens(random, 0.5) ? 0 : 1 + nextBelow(random, 2)
  const { forward, back } = runsOf(patch, resident)
  const drawMoment = (): Moment => {
    switch (pick(random, ['effect', 'script', 'script', 'script', 'unpacking', 'scratch'] as const)) {
      case 'effect':
        return { at: 'effect', effect: pick(random, EFFECTS), when: pick(random, ['before', 'after'] as const) }
      case 'script':
        return { at: 'script', run: pick(random, happens(random, 0.7) ? forward : back) }
      case 'unpacking':
        return { at: 'unpacking' }
      case 'scratch':
        return { at: 'scratch', file: pick(random, SCRATCH_FILES) }
    }
  }
  return Array.from({ length: count }, (): Kill => {
    const moment = drawMoment()
    const party = pick(random, PARTIES)
    const onlyAgent = moment.at === 'effect' || moment.at === 'scratch'
    return {
      moment,
      victims: onlyAgent
        ? ['agent']
        : moment.at === 'unpacking'
          ? party.filter((victim) => victim !== 'script')
          : party,
      goesOn: pick(random, ['before-restart', 'after-restart'] as const),
    }
  })
}
