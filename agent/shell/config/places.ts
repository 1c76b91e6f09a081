/**
 * Where the configuration of an installed daemon is, and which data folder a command means that names none.
 */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { fail } from '../daemon-command.ts'
import { ifThere } from '../if-there.ts'
import { readConfigFile, WrongConfig } from './config-file.ts'

export const CONFIG_FOLDER = '/etc/patchmesh'

export type Daemon = {
  readonly name: 'agent' | 'controller'
  readonly schema: z.ZodType<{ data?: string | undefined }> & z.ZodObject
}

export function configFileOf({ name }: Daemon): string {
  return `${CONFIG_FOLDER}/${name}.yaml`
}

/** The one that is named, or else that of the installed daemon; undefined where none is installed or its file names none. */
export async function dataFolder(given: string | undefined, daemon: Daemon): Promise<string | undefined> {
  if (given !== undefined) return resolve(given)
  const file = configFileOf(daemon)
  if ((await ifThere(stat(file))) === null) return undefined
  try {
    const { data } = await readConfigFile(daemon.schema, file)
    return data === undefined ? undefined : resolve(data)
  } catch (error) {
    if (error instanceof WrongConfig) return fail(error.message, 1)
    throw error
  }
}
