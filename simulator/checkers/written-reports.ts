/** The reports that an appliance writes down with what it does: what it will tell, whoever hears it and when. */
import { z } from 'zod'
import type { AgentEffect } from '../../agent/core/events.ts'
import { decode } from '../../protocol/codec.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { open } from '../../protocol/trust/envelope.ts'
import { Letter, Report } from '../../protocol/trust/statements.ts'
import type { SimulatedAppliance } from '../world/simulated-appliance.ts'

const Written = z.looseObject({ letter: Letter })

export function writtenReports(who: SimulatedAppliance, effect: AgentEffect): Report[] {
  if (effect.kind !== 'record') return []
  return effect.entries.flatMap(({ key, value }) => {
    if (!key.startsWith('outbox-') || value === null) return []
    const written = decode(Written, value, 'a letter')
    if (isRefusal(written) || written.letter.envelope.payloadType !== Report.payloadType) return []
    const report = open(Report, written.letter.envelope, [who.peer])
    return isRefusal(report) ? [] : [report]
  })
}
