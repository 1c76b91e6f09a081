/**
 * Numbers by which an appliance tells what is new from what it has seen: of orders to it, of rosters. They follow the
 * clock, so a Service Center whose database has become an older one goes on above all that it said before; without a
 * clock that runs they rise all the same.
 */
import type { Clock } from '../../protocol/clock.ts'

export function numberAfter(last: number, { wallMs }: Clock): number {
  return Math.max(last + 1, Math.floor(wallMs))
}
