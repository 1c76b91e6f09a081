/**
 * The commands that work on the controller's data folder, beside a controller that may be running. They never make a
 * folder: a mistyped path is told, not filled with new keys. The database is loaded by them alone: most commands ask the API.
 */
import type { loadAuthority } from '../shell/keys.ts'
import type { openRepository } from '../shell/repository.ts'
import { type ExitStatus, required } from './command.ts'

export const DATA_OPTION = {
  data: { type: 'string', value: 'DIR', about: 'the data folder of the controller' },
} as const

export type OpenData = {
  readonly authority: Awaited<ReturnType<typeof loadAuthority>>
  readonly repository: Awaited<ReturnType<typeof openRepository>>
}

export async function withData(
  folder: string | undefined,
  use: (data: OpenData) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const data = required('data', folder)
  const { databaseExists, openRepository } = await import('../shell/repository.ts')
  const { loadAuthority } = await import('../shell/keys.ts')
  if (!databaseExists(data)) {
    throw new Error(`There is no controller's data in ${data}: start the controller once first, with --data ${data}`)
  }
  const authority = await loadAuthority(data)
  const repository = await openRepository({ folder: data, root: authority.signing.peer })
  try {
    return await use({ authority, repository })
  } finally {
    await repository.close()
  }
}
