/**
 * Processes triggers again that failed. dpkg forgets a trigger whose processing failed as soon as the package is
 * configured again, and calls it in order though its work was never done; so after the way back every package that an
 * install has broken is triggered once more, by all that it is interested in.
 */
import { join } from 'node:path'
import { askProgram } from '../ask-program.ts'
import type { InstallTask } from '../installer.ts'
import { readIfThere } from '../read-if-there.ts'
import { databaseFolder, rootOptions } from './dpkg-database.ts'
import type { RunDpkg } from './going-back.ts'

/** `packages` as dpkg names them, with an architecture where it is needed. */
export async function processTriggersAgain(
  { root }: InstallTask,
  packages: readonly string[],
  run: RunDpkg,
): Promise<void> {
  let activated = 0
  for (const name of packages) {
    for (const trigger of await interestsOf(root, name)) {
      const words = [...rootOptions(root), `--by-package=${name}`, '--no-await', trigger]
      const answer = await askProgram('dpkg-trigger', ...words)
      if (answer?.status === 0) activated += 1
    }
  }
  if (activated > 0) await run('--triggers-only', '--pending')
}

async function interestsOf(root: string, name: string): Promise<string[]> {
  const [plain] = name.split(':')
  const folder = join(databaseFolder(root), 'info')
  const text =
    (await readIfThere(join(folder, `${name}.triggers`))) ?? (await readIfThere(join(folder, `${plain}.triggers`)))
  const lines = (text ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  return lines.flatMap(([directive = '', trigger]) =>
    directive.startsWith('interest') && trigger !== undefined ? [trigger] : [],
  )
}
