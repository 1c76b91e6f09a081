/**
 * The process of installing-process.ts: reads a task from the file that its argument names, installs, prints the outcome.
 */
import { readFile } from 'node:fs/promises'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import { installerFor } from '../../agent/shell/installers/installer-for.ts'

const task: InstallTask = JSON.parse(await readFile(String(process.argv[2]), 'utf8'))
console.log(JSON.stringify(await installerFor(task.publication).install(task)))
