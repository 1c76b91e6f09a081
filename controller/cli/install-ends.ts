/**
 * How an install that is waited for goes on, and with which status it ends.
 */
import { EXIT, type ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { hasEnded, isFinal, type TargetState } from '../core/rollout/install-states.ts'
import type { InstallDetail } from '../core/views.ts'
import type { Show } from './command.ts'
import { installLines } from './install-lines.ts'
import type { ServiceCenterClient } from './service-center-client.ts'
import { printable, type Terminal } from './terminal.ts'
import { awaited, type Look, timeoutOf } from './waiting.ts'

const ENDS: Readonly<Record<string, ExitStatus>> = { halted: EXIT.halted, cancelled: EXIT.cancelled }

export type Ending = {
  readonly client: ServiceCenterClient
  readonly terminal: Terminal
  readonly show: Show
  /** In which state it shall end. */
  readonly wanted: 'done' | 'cancelled'
}

type WaitValues = { readonly wait: boolean | undefined; readonly timeout: string | undefined }

/** A function that shows the install, at its end where that is waited for; what is wrong with the options is told now. */
export function endingOf(
  options: WaitValues,
  { client, terminal, show, wanted }: Ending,
): (install: InstallDetail, lines?: () => readonly string[]) => Promise<ExitStatus> {
  const timeoutMs = timeoutOf(options)
  return async (started, lines = () => installLines(started)) => {
    if (options.wait !== true) return show(started, lines)
    const { id } = started
    const goesOn = `install ${id} goes on; see patchmesh installs show ${id}`
    const look = (install: InstallDetail) => lookAt(install, wanted)
    const { found, status } = await awaited({ client, terminal, timeoutMs, goesOn }, look(started), async () =>
      look(await client.install(id)),
    )
    if (status !== EXIT.done && status !== EXIT.timedOut) {
      const { installed, total, state, reason } = found
      const why = reason === '' ? '' : `: ${reason}`
      const has = `patchmesh: ${installed} of ${total} appliances have the patch (${state}${why}). `
      terminal.tell(`${printable(has)}See patchmesh installs show ${id}`)
    }
    return show(found, () => installLines(found), status)
  }
}

function lookAt(install: InstallDetail, wanted: Ending['wanted']): Look<InstallDetail> {
  const { state, installed, total, targets } = install
  const busy = targets.filter((target) => !isFinal(target.state) && target.state !== ('queued' satisfies TargetState))
  const names = busy.map((target) => `${target.appliance} ${target.state}`).join(', ')
  const line = `${state}: ${installed}/${total} installed${names === '' ? '' : `; ${names}`}`
  const status = state === wanted ? EXIT.done : (ENDS[state] ?? EXIT.failed)
  return { found: install, line, ended: hasEnded(install) ? status : null }
}
