/**
 * How often and how fast stored copies are read again, as the configuration of either daemon says it.
 */
import { z } from 'zod'
import { DEFAULT_SETTINGS, type Settings } from '../core/state.ts'

export const ProvingConfig = {
  /** In which time each stored copy is read again and proven. */
  proveEveryHours: z.number().min(0.001).max(8_760).optional(),
  /** How much of the disk that may take. */
  proveBytesPerSecond: z.int().min(100_000).max(1_000_000_000).optional(),
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
