/**
 * The settings that both daemons have.
 */
import { z } from 'zod'
import { MAX_SILENCE_MS, SILENCE_MS } from '../../../protocol/limits.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../core/state.ts'
import { setting } from './setting.ts'

export const DEFAULT_LOG_LEVEL = 'info'

export const LogLevel = setting(z.enum(['debug', 'info', 'warn', 'error']), {
  about: 'how much is logged; debug has every event and effect but those of single pieces',
  byDefault: DEFAULT_LOG_LEVEL,
  example: 'debug',
  isReloaded: true,
})

/** Two pings and some time for their answers at least. */
export const SilenceSeconds = z
  .number()
  .min(25)
  .max(MAX_SILENCE_MS / 1000)

export const DEFAULT_SILENCE_SECONDS = SILENCE_MS / 1000

export const ProvingConfig = {
  proveEveryHours: setting(z.number().min(0.001).max(8_760), {
    about: 'in which time each stored copy is read again and proven',
    byDefault: String(DEFAULT_SETTINGS.proveEveryMs / 3_600_000),
    example: 336,
    isReloaded: true,
  }),
  proveBytesPerSecond: setting(z.int().min(100_000).max(1_000_000_000), {
    about: 'how much of the disk that may take',
    byDefault: String(DEFAULT_SETTINGS.proveBytesPerSecond),
    example: 10_000_000,
    isReloaded: true,
  }),
}

export type ProvingSettings = Pick<Settings, 'proveEveryMs' | 'proveBytesPerSecond'>

export function provingSettings(config: {
  proveEveryHours?: number | undefined
  proveBytesPerSecond?: number | undefined
}): ProvingSettings {
  const { proveEveryHours, proveBytesPerSecond = DEFAULT_SETTINGS.proveBytesPerSecond } = config
  const proveEveryMs = proveEveryHours === undefined ? DEFAULT_SETTINGS.proveEveryMs : proveEveryHours * 3_600_000
  return { proveEveryMs, proveBytesPerSecond }
}
