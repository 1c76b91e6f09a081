/**
 * The plan of an install as a picture over time: when each pair would begin and how long it takes, with the time for which
 * waves stand, if it were started now and nobody had to wait.
 */
import type { InstallPlan } from '../core/rollout/install-plan.ts'
import { drawnOtherwise, WavesDrawing } from './waves-drawing.tsx'
import { layOutWaves } from './waves-layout.ts'
import { duration } from './words.ts'

export const PlanPicture = ({ plan }: { plan: InstallPlan }) => {
  const startMs = Date.parse(plan.madeAt)
  const at = (seconds: number) => new Date(startMs + seconds * 1000).toISOString()
  const pairs = plan.waves.flatMap(({ wave, pairs: there }) =>
    there.flatMap(({ organization, dataCenter, kind, group, members, beginsAfterSeconds, expectedSeconds }) => {
      if (beginsAfterSeconds === null) return []
      const times = { from: at(beginsAfterSeconds), until: at(beginsAfterSeconds + expectedSeconds) }
      const place = { wave, organization, dataCenter, kind, group, appliances: members.length, installed: 0 }
      return [{ ...place, ...times, standing: 'waits' as const, expected: 'both' as const }]
    }),
  )
  // Of one pair the words say it all.
  if (pairs.length < 2) return null
  const shown = { pairs, openings: [], expectedEnd: null, startedAt: plan.madeAt }
  const layout = { ...layOutWaves(shown, startMs), nowX: null }
  return (
    <div class="pm-timeline" id="plan-picture">
      <WavesDrawing
        {...{ layout, id: 'plan-drawing', describedBy: 'plan-words' }}
        title="The waves of this plan over time"
        label="Picture of the plan"
      />
      <p class="pm-quiet" id="plan-words">
        If it began now and nobody had to wait, it would take {duration(plan.expectedSeconds)}.{drawnOtherwise(layout)}
      </p>
    </div>
  )
}
