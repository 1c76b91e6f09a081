/**
 * Manual pages and completions, made from the help texts and the schemas that the programs themselves show.
 */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { z } from 'zod'
import { rowsOf } from '../../agent/shell/config/setting.ts'
import { ROOT } from './bundle-sources.ts'

const run = promisify(execFile)

export type Source = { readonly version: string; readonly date: string }
export type Help = { readonly command: string; readonly text: string }

/** As the command line itself prints it. */
export async function helpOf(command: string): Promise<Help> {
  const { stdout } = await run(path.join(ROOT, 'patchmesh'), [...command.split(' '), '--help'])
  return { command, text: stdout.trimEnd() }
}

/** `patchmesh(1)`: every command with its help. */
export function commandsPage(overview: string, helps: readonly Help[], source: Source): string {
  const sections = helps.flatMap(({ command, text }) => [`.SS patchmesh ${roff(command)}`, ...verbatim(text)])
  return page('PATCHMESH', 1, source, [
    ...named('patchmesh', 'brings software patches to every appliance and installs them pair by pair'),
    '.SH SYNOPSIS',
    '.B patchmesh',
    '.I COMMAND',
    '[\\fIOPTIONS\\fR]',
    '.SH DESCRIPTION',
    ...verbatim(overview),
    '.SH COMMANDS',
    ...sections,
  ])
}

/** `patchmesh-agent(8)` and `patchmesh-controller(8)`. */
export function daemonPage(daemon: string, what: string, help: string, source: Source): string {
  const name = `patchmesh-${daemon}`
  return page(name.toUpperCase(), 8, source, [
    ...named(name, what),
    '.SH DESCRIPTION',
    `The unit ${name}.service of systemd runs it with /etc/patchmesh/${daemon}.yaml. Its data are in /var/lib/${name},`,
    `its log is in the journal: journalctl \\-u ${name}.`,
    '.PP',
    ...verbatim(help),
    '.SH FILES',
    `.I /etc/patchmesh/${daemon}.yaml`,
    '.br',
    `.I /var/lib/${name}`,
    '.SH SEE ALSO',
    `.BR patchmesh (1), ${name}.yaml (5), systemctl (1), journalctl (1)`,
  ])
}

/** `patchmesh-agent.yaml(5)` and `patchmesh-controller.yaml(5)`. */
export function settingsPage(daemon: string, schema: z.ZodObject, source: Source): string {
  const name = `patchmesh-${daemon}.yaml`
  const settings = rowsOf(schema).flatMap(({ name: key, about, byDefault, isReloaded }) => [
    '.TP',
    `.B ${roff(key)}`,
    roff(
      `${about}. Where it is left out: ${byDefault}. A change holds ${isReloaded ? 'at SIGHUP' : 'from the next start on'}.`,
    ),
  ])
  return page(name.toUpperCase(), 5, source, [
    ...named(name, `the settings of the ${daemon} of patchmesh`),
    '.SH DESCRIPTION',
    `The file /etc/patchmesh/${daemon}.yaml. A name that is not here is an error, and an option on the command line goes`,
    'before the file. patchmesh config check says all that is wrong with it.',
    '.SH SETTINGS',
    ...settings,
    '.SH SEE ALSO',
    `.BR patchmesh (1), patchmesh-${daemon} (8)`,
  ])
}

function page(title: string, section: number, { version, date }: Source, body: readonly string[]): string {
  return `${[`.TH ${roff(title)} ${section} ${date} "patchmesh ${version}" patchmesh`, ...body].join('\n')}\n`
}

function named(name: string, what: string): string[] {
  return ['.SH NAME', `${roff(name)} \\- ${roff(what)}`]
}

function verbatim(text: string): string[] {
  return ['.nf', ...text.split('\n').map(roff), '.fi']
}

/** A text line of roff that shows exactly this. */
function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...')
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped
}
