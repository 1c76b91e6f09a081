/**
 * States as labels: always a word and a sign, so that colour is never the only carrier of a meaning.
 */
import type { ApplianceCopy } from '../core/copies.ts'
import type { PatchSummary } from '../core/patch-views.ts'
import type { InstallState, TargetState } from '../core/rollout/install-states.ts'

type Tone = 'success' | 'progress' | 'waiting' | 'warning' | 'danger'

const TONES: Record<Tone, { css: string; sign: string }> = {
  success: { css: 'pf-m-green', sign: '✓' },
  progress: { css: 'pf-m-blue', sign: '↻' },
  waiting: { css: '', sign: '…' },
  warning: { css: 'pf-m-orange', sign: '!' },
  danger: { css: 'pf-m-red', sign: '✕' },
}

export const Label = ({ tone, text }: { tone: Tone; text: string }) => (
  <span class={`pf-v6-c-label pf-m-filled ${TONES[tone].css}`}>
    <span class="pf-v6-c-label__content">
      <span class="pf-v6-c-label__icon" aria-hidden="true">
        {TONES[tone].sign}
      </span>
      <span class="pf-v6-c-label__text">{text}</span>
    </span>
  </span>
)

/** `n/m`; the words beside it say the same for who cannot see the colour, how many of m came later, and how many cannot be reached now. */
export const Replications = (props: {
  replications: PatchSummary['replications']
  newAppliances: number
  unreachable: number
}) => {
  const { complete, total } = props.replications
  const tone: Tone = total === 0 ? 'warning' : complete === total ? 'success' : 'progress'
  const word = total === 0 ? 'no Service Provider appliance' : complete === total ? 'complete' : 'replicating'
  return (
    <span class="pm-replications">
      <Label tone={tone} text={`${complete}/${total}`} />
      <span class="pm-quiet">
        {word}
        {props.newAppliances > 0 && `, ${props.newAppliances} new`}
        {props.unreachable > 0 && `, ${props.unreachable} unreachable`}
      </span>
    </span>
  )
}

const COPY_TONES: Record<ApplianceCopy['state'], Tone> = {
  waiting: 'waiting',
  transferring: 'progress',
  verifying: 'progress',
  replicated: 'success',
}
export const CopyLabel = ({ state }: { state: ApplianceCopy['state'] }) => (
  <Label tone={COPY_TONES[state]} text={state} />
)

const TARGET_TONES: Record<TargetState, Tone> = {
  queued: 'waiting',
  staging: 'progress',
  preflight: 'progress',
  installing: 'progress',
  verifying: 'progress',
  installed: 'success',
  failed: 'danger',
  reverted: 'danger',
  refused: 'warning',
  cancelled: 'waiting',
  unknown: 'warning',
}
export const TargetLabel = ({ state }: { state: TargetState }) => <Label tone={TARGET_TONES[state]} text={state} />

const INSTALL_TONES: Record<InstallState, Tone> = {
  planned: 'waiting',
  running: 'progress',
  paused: 'waiting',
  halted: 'danger',
  done: 'success',
  cancelled: 'waiting',
}
export const InstallLabel = ({ state }: { state: InstallState }) => <Label tone={INSTALL_TONES[state]} text={state} />
