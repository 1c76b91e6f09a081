/**
 * One fleet of real processes on loopback, one seed: it works, one of its daemons is killed, a file of it is damaged, it is
 * started again, and the judge looks. Where a daemon refuses to start, what its sentence says is done, and nothing else;
 * where the database has become an older one, which is said and not refused, the backup is put back after it was seen
 * that nothing of the store was deleted for it.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { isNoSocket } from '../support/no-sockets.ts'
import { damageFile, renew } from './damage-file.ts'
import { type Damage, inWords, SERVICE_CENTER, type Victim } from './draw.ts'
import { type Acknowledged, type Complaint, judge } from './judge.ts'

const BUNDLE_BYTES = 700_000
export const MENDED_WITHIN_MS = 120_000
const PROVIDER = { organization: 'Provider', kind: 'service-provider' } as const
const SLOTS = [
  slotOf({ ...PROVIDER, name: 'paris-1', dataCenter: 'Paris', role: 'primary' }),
  slotOf({ ...PROVIDER, name: 'paris-2', dataCenter: 'Paris', role: 'secondary' }),
  slotOf({ ...PROVIDER, name: 'rome-1', dataCenter: 'Rome', role: 'primary' }),
  slotOf({ name: 'tenant-1', organization: 'Org', kind: 'tenant', dataCenter: 'Paris', role: 'primary' }),
]

export type Step = {
  readonly damage: Damage
  readonly complaints: readonly Complaint[]
  readonly refused: boolean
  readonly tookMs: number
}
export type FleetRun = { readonly seed: number; readonly steps: readonly Step[] }

/** `goOn` is asked before each step; `onWait` is told what is waited for where that takes long. */
export async function runFleet(options: {
  seed: number
  damages: readonly Damage[]
  onStep?: (step: Step) => void
  onWait?: (complaints: readonly Complaint[]) => void
  goOn?: () => boolean
}): Promise<FleetRun> {
  const { seed, damages, onStep, onWait, goOn = () => true } = options
  const work = mkdtempSync(join(tmpdir(), 'patchmesh-damage-'))
  const steps: Step[] = []
  const { fleet, acknowledged } = await startFleet(work)
  try {
    await judge(fleet, acknowledged, MENDED_WITHIN_MS, onWait)
    const earlier = join(work, 'earlier')
    cpSync(fleet.folder, earlier, { recursive: true, filter: isNoSocket })
    for (const [at, damage] of damages.entries()) {
      if (!goOn()) break
      const begunMs = performance.now()
      await begin(fleet, acknowledged, { work, number: at + 1 })
      const { complaints, refused } = await damaged(fleet, damage, { work, earlier })
      const judged = await judge(fleet, acknowledged, MENDED_WITHIN_MS, onWait)
      const tookMs = performance.now() - begunMs
      const step = { damage, complaints: [...complaints, ...judged], refused, tookMs }
      steps.push(step)
      onStep?.(step)
      if (step.complaints.length > 0) break
    }
    return { seed, steps }
  } finally {
    await fleet.stop()
    rmSync(work, { recursive: true, force: true })
  }
}

/** With something in it that was acknowledged. Whoever starts it must stop it. */
export async function startFleet(work: string): Promise<{ fleet: Fleet; acknowledged: Acknowledged }> {
  const fleet = await Fleet.start()
  try {
    await fleet.addAll(SLOTS)
    const acknowledged: Acknowledged = { patches: new Map(), people: new Set(), installs: new Set(), heads: new Set() }
    await begin(fleet, acknowledged, { work, number: 0 })
    return { fleet, acknowledged }
  } catch (error) {
    await fleet.stop()
    throw error
  }
}

/** Something is asked for, and what is answered is acknowledged; it is not waited for. */
export async function begin(
  { api }: Fleet,
  { patches, people, installs, heads }: Acknowledged,
  { work, number }: { work: string; number: number },
): Promise<void> {
  const out = join(work, `p${number}.patch`)
  await writeExampleBundle({ name: `p${number}`, version: '1.0.0', bytes: BUNDLE_BYTES, out })
  patches.set((await api.upload(out)).id, out)
  const person = `person ${number}`
  await api.addPerson({ name: person, role: number === 0 ? 'owner' : 'viewer', organizations: null })
  people.add(person)
  const [first] = patches.keys()
  if (number === 1 && first !== undefined) {
    const install = { patch: first, organizations: ['Org'], dataCenter: 'Paris', allowOutage: true }
    installs.add((await api.startInstall(install)).id)
  }
  heads.add((await api.verifyTrail(undefined)).head)
}

/** `mischief` is what a test does beside it, before the daemon is started: the judge has to find it. */
export async function damaged(
  fleet: Fleet,
  damage: Damage,
  { work, earlier, mischief }: { work: string; earlier: string; mischief?: (folder: string) => void },
): Promise<{ complaints: Complaint[]; refused: boolean }> {
  const { victim } = damage
  const daemon = victim === SERVICE_CENTER ? fleet.serviceCenter : fleet.daemon(victim)
  daemon.kill('SIGKILL')
  await eventually(`${victim} is gone`, () => !daemon.running)
  const folder = join(fleet.folder, victim)
  // Whoever else has the database open keeps the old files.
  for (const name of readdirSync(folder)) if (/^patchmesh\.sqlite(-wal)?$/.test(name)) renew(join(folder, name))
  rmSync(join(folder, 'patchmesh.sqlite-shm'), { force: true })
  const backup = mkdtempSync(join(work, 'backup-'))
  cpSync(folder, backup, { recursive: true, filter: isNoSocket })
  const file = damageFile(folder, join(earlier, victim), damage)
  mischief?.(folder)
  const before = daemon.log.length
  const complaint = (finding: Complaint['finding'], sentence: string): Complaint => ({
    finding,
    sentence: `${inWords(damage)} (${file}): ${sentence}`,
  })
  const complaints: Complaint[] = []
  const refused = !(await starts(fleet, victim))
  if (file?.startsWith('patchmesh.sqlite') === true)
    complaints.push(...deletedFiles(folder, backup).map((name) => complaint('file-deleted', name)))
  if (refused) {
    const sentence = lastSentence(readLog(fleet, victim).slice(before))
    if (!saysWhatToDo(sentence, folder)) complaints.push(complaint('refused-without-words', sentence))
    mend({ folder, backup, sentence, file })
    if (!(await starts(fleet, victim)))
      complaints.push(complaint('does-not-start', lastSentence(readLog(fleet, victim).slice(before))))
  } else if (file?.startsWith('patchmesh.sqlite') === true) {
    await fleet.serviceCenter.stop()
    restoreDatabase(folder, backup)
    await fleet.restartServiceCenter()
  }
  rmSync(backup, { recursive: true })
  return { complaints, refused }
}

async function starts(fleet: Fleet, victim: Victim): Promise<boolean> {
  try {
    await (victim === SERVICE_CENTER ? fleet.restartServiceCenter() : fleet.startAgent(victim))
    return true
  } catch (error) {
    if (/ended with status 1/.test(String(error))) return false
    throw error
  }
}

function readLog(fleet: Fleet, victim: Victim): string {
  return (victim === SERVICE_CENTER ? fleet.serviceCenter : fleet.daemon(victim)).log
}

function lastSentence(log: string): string {
  return (
    log
      .split('\n')
      .filter((line) => line.startsWith('patchmesh: '))
      .at(-1) ?? `it says nothing: ${log.slice(-300)}`
  )
}

function saysWhatToDo(sentence: string, folder: string): boolean {
  if (/this appliance is not enrolled: start it once with --token/.test(sentence)) return true
  return sentence.includes(folder) && /\. [A-Z].*\.$/.test(sentence)
}

/** What the sentence says: a ledger is moved away, a lock is removed, everything else comes from the backup. */
function mend({
  folder,
  backup,
  sentence,
  file,
}: Record<'folder' | 'backup' | 'sentence', string> & { file: string | null }) {
  if (/move the file away/.test(sentence)) {
    for (const end of ['', '-wal', '-shm']) {
      const path = join(folder, `ledger.sqlite${end}`)
      if (existsSync(path)) renameSync(path, `${path}.moved-away`)
    }
  } else if (/^patchmesh: The file \S+\/lock is no lock/.test(sentence)) rmSync(join(folder, 'lock'))
  else if (file?.startsWith('patchmesh.sqlite') === true) restoreDatabase(folder, backup)
  else if (file !== null) cpSync(join(backup, file), join(folder, file))
}

function restoreDatabase(folder: string, backup: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('patchmesh.sqlite')) rmSync(join(folder, name))
  for (const name of readdirSync(backup))
    if (name.startsWith('patchmesh.sqlite')) cpSync(join(backup, name), join(folder, name))
}

/** Files of the store that are nowhere any more. */
function deletedFiles(folder: string, backup: string): string[] {
  const names = (place: string): string[] => (existsSync(join(folder, place)) ? readdirSync(join(folder, place)) : [])
  const there = new Set(['store', 'unknown', 'partial'].flatMap(names))
  return readdirSync(join(backup, 'store')).filter((name) => !there.has(name))
}
