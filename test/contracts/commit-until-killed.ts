/**
 * A process for the crash test of repository.test.ts: it commits an install with its targets and an entry of the trail again
 * and again, and names each install on standard output when it is acknowledged, until somebody kills it.
 */
import { writeSync } from 'node:fs'
import type { Change } from '../../controller/core/records.ts'
import { openRepository } from '../../controller/shell/repository.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { sampleInstall, samplePatch, sampleTarget, signing } from './sample-records.ts'

const [folder = '', from = '0'] = process.argv.slice(2)
const patch = samplePatch()
const appliances = [1, 2, 3].map((number) => signingKeyFromSeed(new Uint8Array(32).fill(50 + number)).peer)
const repository = await openRepository({ folder, root: signing.peer })
await repository.commit([{ table: 'patches', row: patch }])
for (let number = Number(from); ; number++) {
  const install = sampleInstall(number, patch.sha256)
  const targets = appliances.map((appliance): Change => ({ table: 'targets', row: sampleTarget(install, appliance) }))
  const row = { at: number, actor: 'Ana', action: 'install', subject: install.id, outcome: 'done' }
  await repository.commit([{ table: 'installs', row: install }, ...targets, { table: 'audit', row }])
  writeSync(1, `${install.id}\n`)
}
