/**
 * The judge of a damaged fleet. It looks from outside: it asks the API what there is, runs `sha256sum` over what is counted,
 * and compares with what was acknowledged. It imports nothing that decides, and gives a fleet time to mend what was damaged
 * before it complains.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fleet } from '../../simulator/processes/fleet.ts'
import { APPLIANCES } from './draw.ts'

export const FINDINGS = [
  'patch-lost',
  'person-lost',
  'install-lost',
  'trail-lost',
  'counted-not-right',
  'not-mended',
  'not-reachable',
  'refused-without-words',
  'does-not-start',
  'file-deleted',
] as const
export type Finding = (typeof FINDINGS)[number]
export type Complaint = { readonly finding: Finding; readonly sentence: string }

/** What the Service Center has answered for; nothing of it may be lost. */
export type Acknowledged = {
  readonly patches: Set<string>
  readonly people: Set<string>
  readonly installs: Set<string>
  /** The head of the trail, each time it was asked for. */
  readonly heads: Set<string>
}

const LOOK_EVERY_MS = 250

/** `withinMs` is how long the fleet may take until all is as it should be. */
export async function judge(fleet: Fleet, acknowledged: Acknowledged, withinMs: number): Promise<Complaint[]> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const complaints = await look(fleet, acknowledged)
    if (complaints.length === 0 || performance.now() > deadline) return complaints
    await pause(LOOK_EVERY_MS)
  }
}

async function look(fleet: Fleet, acknowledged: Acknowledged): Promise<Complaint[]> {
  const { api } = fleet
  const complaints: Complaint[] = []
  const lost = (finding: Finding, there: ReadonlySet<string>, wanted: ReadonlySet<string>): void => {
    for (const one of wanted) if (!there.has(one)) complaints.push({ finding, sentence: `${one} was acknowledged` })
  }
  const patches = new Set<string>((await api.patches()).map(({ id }) => id))
  lost('patch-lost', patches, acknowledged.patches)
  lost('person-lost', new Set((await api.people()).map(({ name }) => name)), acknowledged.people)
  lost('install-lost', new Set((await api.installs()).map(({ id }) => id)), acknowledged.installs)
  for (const head of acknowledged.heads) {
    const { intact, noted } = await api.verifyTrail(head)
    if (!intact || noted?.position == null)
      complaints.push({ finding: 'trail-lost', sentence: `the head ${head} was told` })
  }
  const appliances = await api.appliances()
  for (const name of APPLIANCES)
    if (appliances.find((appliance) => appliance.name === name)?.reachable !== true)
      complaints.push({ finding: 'not-reachable', sentence: `${name} is not reachable` })
  for (const id of acknowledged.patches) if (patches.has(id)) complaints.push(...(await lookAtCopies(fleet, id)))
  return complaints
}

async function lookAtCopies(fleet: Fleet, id: string): Promise<Complaint[]> {
  const { appliances, replications } = await fleet.api.patch(id)
  const counted = appliances.filter(({ provenAt }) => provenAt !== null)
  const wrong = counted.filter(({ name }) => !isRight(join(fleet.folderOf(name), 'store', id), id))
  const complaints = wrong.map(
    ({ name }): Complaint => ({ finding: 'counted-not-right', sentence: `the copy of ${id} at ${name}` }),
  )
  if (replications.complete < replications.total) {
    const reasons = appliances.map(({ name, state, reason }) => `${name} ${state} ${reason}`).join('; ')
    complaints.push({
      finding: 'not-mended',
      sentence: `${id} is at ${replications.complete} of ${replications.total}: ${reasons}`,
    })
  }
  if (!isRight(join(fleet.folder, 'service-center', 'store', id), id))
    complaints.push({ finding: 'not-mended', sentence: `the Service Center's own copy of ${id} is not right` })
  return complaints
}

function isRight(file: string, id: string): boolean {
  if (!existsSync(file)) return false
  return execFileSync('sha256sum', [file], { encoding: 'utf8' }).startsWith(`${id} `)
}
