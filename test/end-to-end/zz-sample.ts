import { join } from 'node:path'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { slotOf } from '../support/fleet-slots.ts'
const fleet = await Fleet.start()
for (const role of ['primary', 'secondary'] as const)
  await fleet.add(slotOf({ name: role, organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider', role }))
await fleet.reachable(['primary', 'secondary'])
await fleet.api.setDataCenterLimits('Paris', { downBitsPerSecond: 16e6, upBitsPerSecond: null, quietHours: [], trades: true })
const file = join(fleet.folder, 'limited.patch')
await writeExampleBundle({ name: 'limited', version: '1.0.0', bytes: 24 << 20, out: file })
const { id } = await fleet.api.upload(file)
const began = performance.now()
const seen = new Map<string, number>()
await fleet.until('done', () => fleet.api.patch(id), ({ appliances }) => {
  for (const c of appliances) { const k = `${c.name} ${c.state} rate=${c.bytesPerSecond} from=${c.sources} left=${c.secondsLeft} ${c.reason}`; seen.set(k, (seen.get(k) ?? 0) + 1) }
  return appliances.every((c) => c.state === 'replicated')
})
console.log(performance.now() - began, seen)
await fleet.stop()
