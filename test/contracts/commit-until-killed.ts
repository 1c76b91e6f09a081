/**
 * A process for the crash test of repository.test.ts: it commits an install with its targets again and again and names
 * each on standard output when it is acknowledged, until somebody kills it.
 */
import { writeSync } from 'node:fs'
import type { Change } from '../../controller/core/records.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { signingKeyFromSeed } from '../../protocol/envelope.ts'
import { sampleInstall, samplePatch, sampleTarget, signing } from './sample-records.ts'

const [folder = '', from = '0'] = process.argv.slice(2)
const patch = samplePatch()
const appliances = [1, 2, 3].map((number) => signingKeyFromSeed(new Uint8Array(32).fill(50 + number)).peer)
const repository = await openRepository({ folder, root: signing.peer })
await repository.commit([{ table: 'patches', row: patch }])
for (let number = Number(from); ; number++) {
  const install = sampleInstall(number, patch.sha256)
  const targets = appliances.map((appliance): Change => ({ table: 'targets', row: sampleTarget(install, appliance) }))
  await repository.commit([{ table: 'installs', row: install }, ...targets])
  writeSync(1, `${install.id}\n`)
}
