/**
 * The commands that work on the controller's data folder, beside a controller that may be running. They never make a
 * folder: a mistyped path is told, not filled with new keys. The database is loaded by them alone: most commands ask the API.
 */
import type { OpenData } from '../shell/open-data.ts'
import { type ExitStatus, required } from './command.ts'

export const DATA_OPTION = {
  data: { type: 'string', value: 'DIR', about: 'the data folder of the controller' },
} as const

export async function withData(
  folder: string | undefined,
  use: (data: OpenData) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const data = required('data', folder)
  const { databaseExists } = await import('../shell/repository.ts')
  const { openData } = await import('../shell/open-data.ts')
  if (!databaseExists(data)) {
    throw new Error(`There is no controller's data in ${data}: start the controller once first, with --data ${data}`)
  }
  const opened = await openData(data)
  try {
    return await use(opened)
  } finally {
    await opened.repository.close()
  }
}
