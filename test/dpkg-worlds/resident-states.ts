/**
 * Brings a package into one of the states that real appliances have, with the real dpkg and with scripts that fail when
 * the world wants it; that it is in it is looked at afterwards.
 */
import { type PackageSpec, type ScriptName, scriptRun } from './drawn/package-spec.ts'
import { askTool, runTool, type ToolEnd } from './run-tool.ts'
import type { WorldRoot } from './world-root.ts'

/** The first two letters that dpkg shows, and `R` where it wants the package installed again. */
export const RESIDENT_STATES = ['ii', 'hi', 'iU', 'iF', 'iHR', 'in', 'rc', 'pc', 'ri', 'iW'] as const
export type ResidentState = (typeof RESIDENT_STATES)[number]

/** States that need scripts of the package's own. */
export const NEEDS_SCRIPTS: readonly ResidentState[] = ['iF', 'iHR', 'in', 'rc', 'pc', 'ri']

export function dpkg(root: WorldRoot, ...words: string[]): Promise<ToolEnd> {
  return askTool('dpkg', [`--root=${root.path}`, '--log=/dev/null', ...words])
}

export async function bringTo(root: WorldRoot, spec: PackageSpec, file: string, state: ResidentState): Promise<void> {
  const failing = (script: ScriptName, argument: string): string => `fail-${scriptRun(spec, script, argument)}`
  const name = qualified(spec)
  switch (state) {
    case 'ii':
      await dpkg(root, '--install', file)
      break
    case 'hi':
      await dpkg(root, '--install', file)
      await runTool('dpkg', [`--root=${root.path}`, '--set-selections'], `${name} hold\n`)
      break
    case 'iU':
      await dpkg(root, '--unpack', file)
      break
    case 'iF':
      await whileMarked(root, [failing('postinst', 'configure')], () => dpkg(root, '--install', file))
      break
    case 'iHR':
      await whileMarked(root, [failing('preinst', 'install'), failing('postrm', 'abort-install')], () =>
        dpkg(root, '--install', file),
      )
      break
    case 'in':
      await whileMarked(root, [failing('preinst', 'install')], () => dpkg(root, '--install', file))
      break
    case 'rc':
      await dpkg(root, '--install', file)
      await dpkg(root, '--remove', name)
      break
    case 'pc':
      await dpkg(root, '--install', file)
      await whileMarked(root, [failing('postrm', 'purge')], () => dpkg(root, '--purge', name))
      break
    case 'ri':
      await dpkg(root, '--install', file)
      await whileMarked(root, [failing('prerm', 'remove')], () => dpkg(root, '--remove', name))
      break
    case 'iW':
      await dpkg(root, '--no-triggers', '--install', file)
      break
  }
}

/** An `Error` where dpkg-query shows another state of one of them than it was brought to. */
export async function checkStates(
  root: WorldRoot,
  residents: readonly { readonly spec: PackageSpec; readonly state: ResidentState }[],
): Promise<void> {
  const format = '${Package} ${Architecture} ${db:Status-Abbrev}\\n'
  const names = new Set(residents.map(({ spec }) => spec.name))
  if (names.size === 0) return
  const words = [`--admindir=${root.inside('var/lib/dpkg')}`, '--show', `--showformat=${format}`, ...names]
  const rows = (await askTool('dpkg-query', words)).text.split('\n').map((line) => line.trim().split(' '))
  for (const { spec, state } of residents) {
    // Whoever came after it may have left it a trigger to do, or have done those that it waited for.
    if (spec.interest !== null || state === 'iW') continue
    const namesakes = rows.filter(([name]) => name === spec.name)
    const row = namesakes.find(([, architecture]) => architecture === spec.architecture) ?? namesakes.at(0)
    const letters = row?.[2] ?? 'unknown'
    if (letters !== state) throw new Error(`${qualified(spec)} shall be ${state} and is ${letters}`)
  }
}

export function qualified({ name, architecture }: PackageSpec): string {
  return architecture === 'i386' ? `${name}:i386` : name
}

async function whileMarked(root: WorldRoot, marks: readonly string[], act: () => Promise<unknown>): Promise<void> {
  for (const mark of marks) await root.mark(mark)
  await act()
  for (const mark of marks) await root.unmark(mark)
}
