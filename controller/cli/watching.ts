/**
 * `--watch`: shows the same again whenever it has changed, until Ctrl-C. At a terminal the new takes the place of the old;
 * elsewhere each is printed after the other, as one line of JSON or one document of YAML.
 */
import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import type { OutputFormat } from '../../agent/shell/command-line/output.ts'
import { renderedLines } from '../../agent/shell/command-line/output.ts'
import { Changes } from './changes.ts'
import type { Show } from './command.ts'
import { isInterruption } from './exchange.ts'
import { connect } from './service-center-client.ts'
import type { Terminal } from './terminal.ts'

export type Watching = {
  readonly format: OutputFormat
  readonly terminal: Terminal
  readonly server: { readonly server?: string | undefined; readonly 'api-token'?: string | undefined }
}

export async function watched(
  { format, terminal, server }: Watching,
  run: (show: Show) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const changes = new Changes(connect(server))
  let shown = ''
  const show: Show = async (value, lines, status = 0) => {
    const text = (await renderedLines(format, value, lines)).join('\n')
    if (text === shown) return status
    shown = text
    terminal.clear()
    terminal.print(format === 'yaml' ? `---\n${text}` : text)
    return status
  }
  try {
    for (;;) {
      try {
        await run(show)
      } catch (error) {
        // At the first look it is the address that is wrong, and later it passes.
        if (!isInterruption(error) || shown === '') throw error
        terminal.tell('the Service Center cannot be reached; trying again')
      }
      await changes.heard()
    }
  } finally {
    changes.end()
  }
}
