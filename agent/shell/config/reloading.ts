/**
 * SIGHUP: the configuration is read again. A file with anything wrong in it changes nothing, and what can be changed by a
 * start alone is named in the log; the daemon goes on in either case.
 */
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import type { Log } from '../log.ts'
import { readConfigFile, WrongConfig } from './config-file.ts'
import { rowsOf } from './setting.ts'

export type Reloading<Config> = {
  readonly schema: z.ZodType<Config> & z.ZodObject
  readonly file: string
  /** What the daemon has started with. */
  readonly config: Config
  readonly log: Log
  /** Brings about what can be changed; what it throws is told, and the daemon goes on. */
  apply(config: Config): void | Promise<void>
}

/** Only for a daemon that was given a file: any other ends by SIGHUP, as programs at a terminal do. */
export function reloadOnHangup<Config extends object>(reloading: Reloading<Config>): void {
  let work = Promise.resolve()
  process.on('SIGHUP', () => {
    work = work.then(() => reload(reloading))
  })
}

async function reload<Config extends object>({ schema, file, config, log, apply }: Reloading<Config>): Promise<void> {
  try {
    const read = await readConfigFile(schema, file)
    const waiting = rowsOf(schema).filter(({ name, isReloaded }) => !isReloaded && differs(config, read, name))
    await apply(read)
    log.info({ file }, 'the configuration was read again')
    if (waiting.length > 0) {
      const settings = waiting.map(({ name }) => name)
      log.warn({ settings }, 'these settings are not what it has started with: they hold from the next start on')
    }
  } catch (error) {
    const why = error instanceof WrongConfig ? error.message : String(error)
    log.error({ file }, `the configuration stays as it was: ${why}`)
  }
}

function differs<Config extends object>(before: Config, after: Config, name: string): boolean {
  return !isDeepStrictEqual(before[name as keyof Config], after[name as keyof Config])
}
