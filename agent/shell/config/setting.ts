/**
 * One setting of a daemon's YAML file: its schema, and what people have to know of it. Help, manual pages, the guide and the
 * file that a package brings are all made from this, so that there is one definition of each setting.
 */
import { z } from 'zod'

export type AboutSetting = {
  /** The end of a sentence that begins with the name of the setting. */
  readonly about: string
  /** What holds where it is left out, in words or as it is written. */
  readonly byDefault: string
  readonly example: unknown
  /** SIGHUP brings a change about; others wait for the next start. */
  readonly isReloaded: boolean
}

export const SETTINGS = z.registry<AboutSetting>()

export function setting<Schema extends z.ZodType>(schema: Schema, about: AboutSetting): z.ZodOptional<Schema> {
  const optional = schema.optional()
  SETTINGS.add(optional, about)
  return optional
}

export type Row = AboutSetting & { readonly name: string }

/** In the order in which the schema names them. */
export function rowsOf(schema: z.ZodObject): Row[] {
  return Object.entries(schema.shape).map(([name, shape]) => {
    const about = SETTINGS.get(shape as z.ZodType)
    if (about === undefined) throw new Error(`${name} has no description: make it with setting()`)
    return { name, ...about }
  })
}
