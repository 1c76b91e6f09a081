/**
 * The mesh in a sentence, as the page and the command line tell it.
 */
import type { Mesh } from '../core/mesh.ts'
import { bitRate, counted } from './words.ts'

export function inWords({ dataCenters, flows, sentBytesPerSecond }: Mesh): string {
  const places = counted(dataCenters.length, 'Data Center')
  const members = dataCenters.flatMap((dataCenter) => dataCenter.members)
  const done = members.filter(({ state }) => state === 'replicated').length
  const away = members.filter(({ reachable }) => !reachable).length
  const moving =
    flows.length === 0
      ? 'No pieces are moving.'
      : `Pieces move in ${counted(flows.length, 'flow')}; the Service Center sends ${rate(sentBytesPerSecond)}.`
  const gone = away === 0 ? '' : ` ${away} of them cannot be reached.`
  return `${places} with ${counted(members.length, 'Service Provider appliance')}, ${done} complete.${gone} ${moving}`
}

export function rate(bytesPerSecond: number): string {
  return bitRate(Number((8 * bytesPerSecond).toPrecision(2)))
}
