/**
 * The judge of a damaged fleet. It looks from outside: it asks the API what there is, takes the SHA-256 of every byte that
 * is counted, and compares with what was acknowledged. It imports nothing that decides, and gives a fleet time to mend what
 * was damaged before it complains. It hashes in its own process: four starts of `sha256sum` a patch took longer than a
 * daemon takes to start.
 */
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
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
  /** Each with the file that was uploaded. */
  readonly patches: Map<string, string>
  readonly people: Set<string>
  readonly installs: Set<string>
  /** The head of the trail, each time it was asked for. */
  readonly heads: Set<string>
}

const LOOK_EVERY_MS = 100
/** Whoever waits longer is told for what. */
const SILENT_MS = 2_000

/**
 * `withinMs` is how long the fleet may take until all is as it should be; `onWait` is told every two seconds what is not so
 * yet.
 */
export async function judge(
  fleet: Fleet,
  acknowledged: Acknowledged,
  withinMs: number,
  onWait: (complaints: readonly Complaint[]) => void = () => {},
): Promise<Complaint[]> {
  const deadline = performance.now() + withinMs
  for (let told = performance.now(); ; await pause(LOOK_EVERY_MS)) {
    const late = performance.now() > deadline
    // While somebody is away not all is well, and looking at every copy takes the time of those who come back.
    const away = late ? [] : await lookWhoIsAway(fleet)
    const complaints = away.length > 0 ? away : await look(fleet, acknowledged)
    if (complaints.length === 0 || late) return complaints
    if (performance.now() < told + SILENT_MS) continue
    onWait(complaints)
    told = performance.now()
  }
}

async function look(fleet: Fleet, acknowledged: Acknowledged): Promise<Complaint[]> {
  const { api } = fleet
  const complaints: Complaint[] = []
  const lost = (finding: Finding, there: ReadonlySet<string>, wanted: Iterable<string>): void => {
    for (const one of wanted) if (!there.has(one)) complaints.push({ finding, sentence: `${one} was acknowledged` })
  }
  const patches = new Set<string>((await api.patches()).map(({ id }) => id))
  lost('patch-lost', patches, acknowledged.patches.keys())
  lost('person-lost', new Set((await api.people()).map(({ name }) => name)), acknowledged.people)
  lost('install-lost', new Set((await api.installs()).map(({ id }) => id)), acknowledged.installs)
  const heads = [...acknowledged.heads]
  const verified = await Promise.all(heads.map((head) => api.verifyTrail(head)))
  for (const [at, { intact, noted }] of verified.entries())
    if (!intact || noted?.position == null)
      complaints.push({ finding: 'trail-lost', sentence: `the head ${heads[at]} was told` })
  complaints.push(...(await lookWhoIsAway(fleet)))
  const there = [...acknowledged.patches].filter(([id]) => patches.has(id))
  complaints.push(...(await Promise.all(there.map(([id, file]) => lookAtCopies(fleet, id, file)))).flat())
  return complaints
}

async function lookWhoIsAway({ api }: Fleet): Promise<Complaint[]> {
  const appliances = await api.appliances()
  const away = APPLIANCES.filter((name) => appliances.find((one) => one.name === name)?.reachable !== true)
  return away.map((name) => ({ finding: 'not-reachable', sentence: `${name} is not reachable` }))
}

/** Of what nobody has a right copy any more the page says what to do, and that is done. */
async function lookAtCopies(fleet: Fleet, id: string, file: string): Promise<Complaint[]> {
  const { appliances, replications, ownCopy } = await fleet.api.patch(id)
  if (ownCopy.wrong !== '' && replications.complete === 0) await fleet.api.upload(file)
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
  return hash('sha256', readFileSync(file)) === id
}
