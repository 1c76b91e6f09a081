/**
 * `patchmesh doctor` of an appliance: what its agent needs, looked at without the agent, and what the agent itself says of
 * its connection. Nothing is changed.
 */
import { clockDifference } from '../../../protocol/clock.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { type Enrollment, loadEnrollment } from '../kept-membership.ts'
import { keptPort } from '../kept-port.ts'
import { type NotedClock, notedClock } from '../noted-clock.ts'
import { askAgent } from '../visits/asking.ts'
import { storedStatus } from '../visits/stored-status.ts'
import { attention, type Finding, right, wrong } from './finding.ts'
import { diskFinding, nameFinding, rightsFinding, timeSourceFinding } from './machine.ts'
import { portFinding, reachFindings } from './reaching.ts'

const IS_NAME = /^\/dns[46]?\/([^/]+)\//

export async function applianceFindings(folder: string, config: AgentConfig): Promise<Finding[]> {
  const disk = await diskFinding(folder)
  if (disk.what === 'data folder') return [disk]
  const rights = await rightsFinding(folder, ['identity'])
  const time = await timeSourceFinding()
  const enrollment = await enrollmentIn(folder)
  if ('level' in enrollment) return [disk, rights, time, enrollment, notCompared()]
  const names = enrollment.dial.flatMap((address) => IS_NAME.exec(address)?.[1] ?? [])
  return [
    ...[disk, rights, time, enrolledFinding(enrollment), clockFinding(enrollment, await notedClock(folder))],
    ...(await Promise.all(names.map((name) => nameFinding('name to dial', name)))),
    ...(await agentFindings(folder)),
    ...(await listeningFindings(folder, enrollment, config)),
    ...(await reachFindings(enrollment)),
  ]
}

/** The enrollment, or what is wrong with it. */
export async function enrollmentIn(folder: string): Promise<Enrollment | Finding> {
  const enrollment = await loadEnrollment(folder, null).catch((error: Error) => error)
  if (enrollment instanceof Error) return wrong('enrollment', enrollment.message, 'see docs/data-folders.md')
  if (enrollment !== null) return enrollment
  return wrong('enrollment', 'not enrolled', 'start the agent once with --token (patchmesh enroll-token)')
}

export function enrolledFinding({ membership }: Enrollment): Finding {
  const { name, organization, dataCenter, kind, role } = membership
  return right('enrollment', `${name}, ${kind} ${role} of ${organization} in ${dataCenter}`)
}

export function notCompared(): Finding {
  return right('clock', `${new Date().toISOString()}; whom to compare it with is known once it is enrolled`)
}

/** A clock that is behind the past is wrong, whatever anybody has told. */
export function clockFinding({ membership }: Enrollment, noted: NotedClock | null): Finding {
  const now = new Date().toISOString()
  if (membership.enrolledAt - Date.now() >= 60_000)
    return wrong('clock', `${now} is before this appliance was enrolled`, 'set the clock')
  if (noted === null) {
    const detail = `${now}; nobody has told the agent another time yet, it has to be connected for ten seconds`
    return right('clock', detail)
  }
  const difference = clockDifference(noted.aheadMs)
  const compared = `as ${noted.whose} told the agent when it was ${new Date(noted.theirsMs).toISOString()} there`
  if (difference === null) return right('clock', `${now}, less than a minute off, ${compared}`)
  return wrong('clock', `${now} is ${difference}, ${compared}`, 'set the clock')
}

/** A running agent has read its ledger whole; where none runs a copy of the file is read. */
async function agentFindings(folder: string): Promise<Finding[]> {
  const asked = await askAgent(folder, { kind: 'status' }).catch((error: Error) => error)
  if (asked instanceof Error) return [wrong('agent', asked.message, 'see journalctl -u patchmesh-agent, or its log')]
  if (asked === null) {
    const stopped = wrong('agent', 'no agent runs on this data folder', 'systemctl start patchmesh-agent')
    const read = await storedStatus(folder).catch((error: Error) => error)
    if (!(read instanceof Error)) return [stopped, right('ledger', 'it can be read, all of it')]
    return [stopped, wrong('ledger', read.message, 'see docs/data-folders.md')]
  }
  if (asked.kind !== 'status') return [wrong('agent', 'it gave no status', 'see its log')]
  const { does, uplink, patches, restartsDue } = asked.status
  const [runs, ledger] = [right('agent', `runs: ${does}`), right('ledger', 'the running agent has it open')]
  const bad = patches.filter((patch) => patch.wrong !== '').map(({ title }) => title)
  const due = restartsDue.map(({ reason }) => reason)
  return [
    ...[runs, ledger],
    uplink.state === 'connected'
      ? right('uplink', `connected to ${uplink.to}`)
      : wrong('uplink', `not connected: ${uplink.reason}`, 'open what is said to be closed below, or see its log'),
    ...(bad.length === 0
      ? []
      : [attention('copies', `not right: ${bad.join(', ')}`, 'they are fetched anew by themselves; look at the disk')]),
    ...(due.length === 0 ? [] : [attention('restart', due.join('; '), 'restart what is named at a quiet time')]),
  ]
}

/** Members of the depot are dialled by others, so their port has to be open; tenant appliances have none. */
async function listeningFindings(folder: string, { membership }: Enrollment, config: AgentConfig): Promise<Finding[]> {
  if (membership.kind !== 'service-provider') return []
  const [, , host = '0.0.0.0', , given = '0'] = (config.listen?.[0] ?? '').split('/')
  const port = Number(given) === 0 ? await keptPort(folder) : Number(given)
  if (port === null) return [attention('listens', 'it has never listened', 'start the agent')]
  return [await portFinding('listens', host === '0.0.0.0' || host === '::' ? 'localhost' : host, port)]
}
