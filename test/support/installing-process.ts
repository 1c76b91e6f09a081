/**
 * Runs one install in a process of its own, as an agent does, so that a test can kill that process at any moment.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'

const PROGRAM = fileURLToPath(new URL('./install-and-print.ts', import.meta.url))

/** Starts `install(task)`; `variables` are added to the environment of that process. */
export async function startInstalling(task: InstallTask, variables: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const description = join(dirname(task.scratch), 'task.json')
  await writeFile(description, JSON.stringify(task))
  return spawn(process.execPath, ['--import', 'tsx', PROGRAM, description], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** `kill -9`; returns when the process is gone. */
export async function killNow(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
