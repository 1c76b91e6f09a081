/**
 * Whether a port answers, and whom an appliance has to reach. It only looks: nobody but a member is told anything, and a
 * second connection under the appliance's own key would look like a copy of it.
 */
import { connect } from 'node:net'
import { pEvent, TimeoutError } from 'p-event'
import type { DialAddress } from '../../../protocol/identifiers.ts'
import { reopen } from '../../../protocol/trust/envelope.ts'
import { Roster } from '../../../protocol/trust/statements.ts'
import type { Enrollment } from '../kept-membership.ts'
import { type Finding, right, wrong } from './finding.ts'

const CONNECT_WITHIN_MS = 5_000

export function reachFindings(enrollment: Enrollment): Promise<Finding[]> {
  return Promise.all(
    dialAddresses(enrollment).map((address) => {
      const [, , host = '', , port = ''] = address.split('/')
      return portFinding(`reaches ${host}`, host, Number(port))
    }),
  )
}

export async function portFinding(what: string, host: string, port: number): Promise<Finding> {
  const socket = connect({ host, port })
  try {
    await pEvent(socket, 'connect', { timeout: CONNECT_WITHIN_MS })
    return right(what, `port ${port} is open`)
  } catch (error) {
    const [detail, mend] = whyUnreachable(error as NodeJS.ErrnoException, host, port)
    return wrong(what, detail, mend)
  } finally {
    socket.destroy()
  }
}

function dialAddresses({ dial, roster, root }: Enrollment): DialAddress[] {
  const members = reopen(Roster, roster, [root]).members
  const depot = members.flatMap(({ peer, kind, addresses }) =>
    kind === 'service-provider' ? addresses.map((address) => `${address}/p2p/${peer}` as DialAddress) : [],
  )
  return [...new Set([...dial, ...depot])]
}

function whyUnreachable(error: NodeJS.ErrnoException, host: string, port: number): [detail: string, mend: string] {
  if (error.code === 'ECONNREFUSED')
    return [`port ${port} is closed at ${host}: nothing listens there`, `start what shall listen there, or see its log`]
  if (error instanceof TimeoutError) {
    const detail = `no answer on port ${port} within 5 seconds: a firewall on the way drops it, or ${host} is down`
    return [detail, `let port ${port} to ${host} through`]
  }
  return [error.message, `see whether ${host} is right and there is a way to it`]
}
