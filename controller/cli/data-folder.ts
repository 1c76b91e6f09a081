/**
 * The commands that work on the controller's data folder, beside a controller that may be running. They never make a
 * folder: a mistyped path is told, not filled with new keys. The database is loaded by them alone: most commands ask the API.
 */

import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { dataFolder } from '../../agent/shell/config/places.ts'
import { CONTROLLER } from '../controller-config.ts'
import type { OpenData } from '../shell/open-data.ts'
import { required } from './command.ts'

export const DATA_OPTION = {
  data: {
    type: 'string',
    value: 'DIR',
    about: 'the data folder of the controller (default: that of /etc/patchmesh/controller.yaml)',
  },
} as const

/** The one that is named, or that of the controller that is installed here. */
export async function namedData(folder: string | undefined): Promise<string> {
  return required('data', await dataFolder(folder, CONTROLLER))
}

export async function withData(
  folder: string | undefined,
  use: (data: OpenData) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const data = await namedData(folder)
  const { databaseExists } = await import('../shell/database/embedded-file.ts')
  const { notedDatabase } = await import('../shell/database/noted-database.ts')
  const { openData } = await import('../shell/open-data.ts')
  if (!databaseExists(data) && (await notedDatabase(data)) === null) {
    throw new Error(`There is no controller's data in ${data}: start the controller once first, with --data ${data}`)
  }
  const opened = await openData(data)
  try {
    return await use(opened)
  } finally {
    await opened.repository.close()
  }
}
