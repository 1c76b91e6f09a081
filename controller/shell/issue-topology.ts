/**
 * Tokens for a whole topology at once. A token can be shown only once, so whatever was made is given back, also when
 * others were refused; and asking again gives what was not possible before.
 */
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import type { Slot } from '../core/records.ts'
import { slotOf, type Topology } from '../topology/topology.ts'

export type TopologyTokens<Issued> = {
  made: Issued[]
  /** Those whose name is in use. */
  known: string[]
  /** Those whose depot has never been connected: their token would have no address in it. */
  waiting: { name: string; dataCenter: string }[]
  /** Those that could not have their place, with why. */
  denied: { name: string; message: string }[]
}

/** `progress` hears how many have been judged before each one. */
export async function issueForTopology<Issued extends object>(
  { appliances }: Topology,
  issue: (slot: Slot) => Promise<Issued | Refusal>,
  progress: (judged: number) => void = () => {},
): Promise<TopologyTokens<Issued>> {
  const tokens: TopologyTokens<Issued> = { made: [], known: [], waiting: [], denied: [] }
  // Depots come first in a topology, so that their Data Center exists before its tenants are judged.
  for (const [index, appliance] of appliances.entries()) {
    progress(index)
    const { name, dataCenter } = appliance
    const issued = await issue(slotOf(appliance))
    if (!isRefusal(issued)) tokens.made.push(issued)
    else if (issued.refused === 'name_in_use') tokens.known.push(name)
    else if (issued.refused === 'no_depot') tokens.waiting.push({ name, dataCenter })
    else tokens.denied.push({ name, message: issued.message })
  }
  return tokens
}
