/**
 * What tests of the way back share: an upgrade that fails, the copies that an agent has for it, and the command at the
 * end of a sentence.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import { KeptPackages } from '../../agent/shell/kept-packages.ts'
import { eventually } from './eventually.ts'
import { besideOf, type InstallTasks, isThere, succeeds } from './install-tasks.ts'
import type { OwnPackage } from './real-packages.ts'

export const FAILS = { postinst: 'echo the new version gives up >&2; exit 1' }

/** The copies of an agent that holds these patches in its store. */
export function copiesOf(folder: string, held: readonly InstallTask[]): KeptPackages {
  const files = new Map(held.map(({ publication, file }) => [publication.sha256, file]))
  return new KeptPackages({
    folder,
    stored: () => held.map(({ publication }) => publication),
    pathOf: (patch) => files.get(patch) ?? 'nowhere',
  })
}

/** Version 1 is installed by a patch that the store holds; version 2 fails. */
export async function upgrade(
  tasks: InstallTasks,
  first: Omit<OwnPackage, 'name' | 'version'> = {},
  second: Partial<OwnPackage> = {},
) {
  const one = await tasks.forPackage({ name: 'ss', version: '1', ...first })
  succeeds(await debianPackage.install(one))
  succeeds(await debianPackage.verify(one))
  const two = await tasks.next(one, { name: 'ss', version: '2', scripts: FAILS, ...second })
  return { one, two: { ...two, earlier: copiesOf(besideOf(one, 'kept'), [one]).find } }
}

/** Runs the command that a sentence ends with. */
export async function follow(reason: string): Promise<void> {
  const command = /run: (dpkg [^;]*)/.exec(reason)?.[1]
  assert.ok(command, reason)
  const [program, ...words] = command.split(' ')
  const child = spawn(program as string, words, { stdio: 'inherit' })
  const [status] = await once(child, 'exit')
  assert.equal(status, 0, command)
}

/** Another program that keeps the lock of dpkg as dpkg does. */
export async function holdLock(task: InstallTask): Promise<{ end(): Promise<void> }> {
  const lock = join(task.root, 'var/lib/dpkg/lock-frontend')
  const script = `use Fcntl; open my $l, ">", "${lock}" or die; my $w = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0); fcntl($l, F_SETLKW, $w) or die; open my $t, ">", "${task.root}/holds"; close $t; sleep 1 while 1`
  const child = spawn('perl', ['-e', script], { stdio: 'inherit' })
  await eventually('the lock', () => isThere(join(task.root, 'holds')))
  return {
    async end() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** A package that brings these configuration files, content by path. */
export function withConffiles(contents: Readonly<Record<string, string>>): Pick<OwnPackage, 'brings' | 'control'> {
  return {
    brings: contents,
    control: {
      conffiles: Object.keys(contents)
        .map((path) => `${path}\n`)
        .join(''),
    },
  }
}
