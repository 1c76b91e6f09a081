/**
 * `patchmesh check`: what stands between this appliance and its work: whom it must reach and which port is closed, its
 * clock against that of whoever its agent is connected to, its disk. It only looks: nobody but a member is told anything,
 * and a second connection under the appliance's own key would look like a copy of it, so it reads what the agent was told.
 */
import { access, constants, statfs } from 'node:fs/promises'
import { connect } from 'node:net'
import { pEvent, TimeoutError } from 'p-event'
import { clockDifference } from '../protocol/clock.ts'
import type { DialAddress } from '../protocol/identifiers.ts'
import { reopen } from '../protocol/trust/envelope.ts'
import { Roster } from '../protocol/trust/statements.ts'
import { outputOptions } from './shell/command-line/output.ts'
import { AGENT } from './shell/config/agent-config.ts'
import { dataFolder } from './shell/config/places.ts'
import { printResult, readFormat, readOptions } from './shell/daemon-command.ts'
import { type Enrollment, loadEnrollment } from './shell/kept-membership.ts'
import { type NotedClock, notedClock } from './shell/noted-clock.ts'

const HELP = `Usage: patchmesh check [--data DIR] [-o FORMAT]

Says what the appliance can reach, and how its clock and its disk are. Exit status 1
when something needs attention. DIR is the data folder of the agent (default: that of
/etc/patchmesh/agent.yaml). FORMAT is json, which is --json too, yaml or table.
`
const CONNECT_WITHIN_MS = 5_000
const WANTED_FREE_BYTES = 1e9
const SUPPORTED_NODE = 26

type Finding = { what: string; ok: boolean; detail: string }

/** The exit status. */
export async function check(args: string[]): Promise<number> {
  const values = readOptions('check', args, {
    ...{ data: { type: 'string' }, help: { type: 'boolean' } },
    ...outputOptions(),
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const format = readFormat(values)
  const findings: Finding[] = [checkNode()]
  const folder = await dataFolder(values.data, AGENT)
  if (folder !== undefined) findings.push(...(await checkFolder(folder)))
  await printResult(format, findings, () =>
    findings.map(({ ok, what, detail }) => `${ok ? 'ok     ' : 'PROBLEM'}  ${what.padEnd(22)}  ${detail}`),
  )
  return findings.every(({ ok }) => ok) ? 0 : 1
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return {
    what: 'Node.js',
    ok: major >= SUPPORTED_NODE,
    detail: `version ${process.versions.node}, ${SUPPORTED_NODE} or later is needed`,
  }
}

async function checkFolder(folder: string): Promise<Finding[]> {
  const disk = await checkDisk(folder)
  if (!disk.ok && disk.what === 'data folder') return [disk]
  const enrollment = await loadEnrollment(folder, null).catch((error: Error) => error)
  if (enrollment instanceof Error) return [disk, { what: 'enrollment', ok: false, detail: enrollment.message }]
  if (enrollment === null) {
    return [
      disk,
      {
        what: 'enrollment',
        ok: false,
        detail: 'not enrolled; start the agent once with --token (patchmesh enroll-token)',
      },
      {
        what: 'clock',
        ok: true,
        detail: `${new Date().toISOString()}; whom to compare it with is known once it is enrolled`,
      },
    ]
  }
  const { name, organization, dataCenter, kind, role } = enrollment.membership
  const enrolled: Finding = {
    what: 'enrollment',
    ok: true,
    detail: `${name}, ${kind} ${role} of ${organization} in ${dataCenter}`,
  }
  const reached = await Promise.all(dialAddresses(enrollment).map(checkAddress))
  return [disk, enrolled, checkClock(enrollment, await notedClock(folder)), ...reached]
}

async function checkDisk(folder: string): Promise<Finding> {
  try {
    await access(folder, constants.R_OK | constants.W_OK)
  } catch (error) {
    return { what: 'data folder', ok: false, detail: `${folder} cannot be used: ${(error as Error).message}` }
  }
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  return { what: 'disk', ok: free >= WANTED_FREE_BYTES, detail: `${(free / 1e9).toFixed(1)} GB free in ${folder}` }
}

/** A clock that is behind the past is wrong, whatever anybody has told. */
function checkClock({ membership }: Enrollment, noted: NotedClock | null): Finding {
  const now = new Date().toISOString()
  if (membership.enrolledAt - Date.now() >= 60_000) {
    return { what: 'clock', ok: false, detail: `${now} is before this appliance was enrolled; set the clock` }
  }
  if (noted === null) {
    const detail = `${now}; nobody has told the agent another time yet, it has to be connected for ten seconds`
    return { what: 'clock', ok: true, detail }
  }
  const difference = clockDifference(noted.aheadMs)
  const compared = `as ${noted.whose} told the agent when it was ${new Date(noted.theirsMs).toISOString()} there`
  if (difference === null) return { what: 'clock', ok: true, detail: `${now}, less than a minute off, ${compared}` }
  return { what: 'clock', ok: false, detail: `${now} is ${difference}, ${compared}; set the clock` }
}

function dialAddresses({ dial, roster, root }: Enrollment): DialAddress[] {
  const members = reopen(Roster, roster, [root]).members
  const depot = members.flatMap(({ peer, kind, addresses }) =>
    kind === 'service-provider' ? addresses.map((address) => `${address}/p2p/${peer}` as DialAddress) : [],
  )
  return [...new Set([...dial, ...depot])]
}

async function checkAddress(address: DialAddress): Promise<Finding> {
  const [, , host = '', , port = ''] = address.split('/')
  const what = `reaches ${host}`
  const socket = connect({ host, port: Number(port) })
  try {
    await pEvent(socket, 'connect', { timeout: CONNECT_WITHIN_MS })
    return { what, ok: true, detail: `port ${port} is open` }
  } catch (error) {
    return { what, ok: false, detail: whyUnreachable(error as NodeJS.ErrnoException, host, port) }
  } finally {
    socket.destroy()
  }
}

function whyUnreachable(error: NodeJS.ErrnoException, host: string, port: string): string {
  if (error.code === 'ECONNREFUSED') return `port ${port} is closed at ${host}: nothing listens there`
  if (error instanceof TimeoutError)
    return `no answer on port ${port} within 5 seconds: a firewall on the way drops it, or ${host} is down`
  return error.message
}
