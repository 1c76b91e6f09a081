/**
 * What the machine has to have for any daemon: Node, room on the disk, files that only their owner reads, a clock that
 * something keeps right, and names that resolve.
 */
import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { access, constants, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ifThere } from '../if-there.ts'
import { attention, type Finding, right, wrong } from './finding.ts'

const SUPPORTED_NODE = 26
const WANTED_FREE_BYTES = 1e9
const LEAST_FREE_BYTES = 50e6
const ASK_WITHIN_MS = 5_000
const OTHERS = 0o077

export function nodeFinding(): Finding {
  const { node } = process.versions
  const detail = `version ${node}, ${SUPPORTED_NODE} or later is needed`
  return Number(node.split('.')[0]) >= SUPPORTED_NODE
    ? right('Node.js', detail)
    : wrong('Node.js', detail, 'start patchmesh with its own launcher, which has the right one')
}

export async function diskFinding(folder: string): Promise<Finding> {
  try {
    await access(folder, constants.R_OK | constants.W_OK)
  } catch (error) {
    const mend = 'name the data folder of the daemon, and run this as its user or as root'
    return wrong('data folder', `${folder} cannot be used: ${(error as Error).message}`, mend)
  }
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const detail = `${(free / 1e9).toFixed(1)} GB free in ${folder}`
  if (free >= WANTED_FREE_BYTES) return right('disk', detail)
  const mend = `make room for at least ${WANTED_FREE_BYTES / 1e9} GB there, or withdraw patches that nobody needs`
  return free < LEAST_FREE_BYTES ? wrong('disk', detail, mend) : attention('disk', detail, mend)
}

/** `secrets` are files below the folder that nobody but their owner may read. */
export async function rightsFinding(folder: string, secrets: readonly string[]): Promise<Finding> {
  const { uid, mode } = await stat(folder)
  for (const secret of secrets) {
    const file = join(folder, secret)
    const found = await ifThere(stat(file))
    if (found === null) continue
    if ((found.mode & OTHERS) !== 0) {
      const detail = `others may use ${file} (mode ${octal(found.mode)}): they can act in its name`
      return wrong('rights', detail, `chmod 600 ${file}, and think of it as known to others`)
    }
    if (found.uid !== uid) {
      const detail = `${file} belongs to user ${found.uid}, and its data folder to user ${uid}`
      return wrong('rights', detail, `chown ${uid} ${file}`)
    }
  }
  if ((mode & OTHERS) === 0) return right('rights', `${folder} is for its owner alone (mode ${octal(mode)})`)
  return attention('rights', `others may look into ${folder} (mode ${octal(mode)})`, `chmod 700 ${folder}`)
}

/** Whether something keeps the clock right; on a system that cannot tell, nothing is said against it. */
export async function timeSourceFinding(): Promise<Finding> {
  const asked = promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
    timeout: ASK_WITHIN_MS,
  })
  const [answer] = await Promise.allSettled([asked])
  if (answer.status === 'rejected') return right('time source', 'this system does not tell whether it has one')
  return answer.value.stdout.trim() === 'yes'
    ? right('time source', 'the clock is kept right by the network')
    : attention(
        'time source',
        'nothing keeps the clock right',
        'timedatectl set-ntp true, or set up another time source',
      )
}

export async function nameFinding(what: string, host: string): Promise<Finding> {
  const bare = host.replace(/^\[|\]$/g, '')
  const [answer] = await Promise.allSettled([lookup(bare)])
  if (answer.status === 'fulfilled') return right(what, `${bare} is ${answer.value.address}`)
  const { code } = answer.reason as NodeJS.ErrnoException
  return wrong(
    what,
    `the name ${bare} is not known here (${code})`,
    'correct the name, or the name server of this machine',
  )
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0')
}
