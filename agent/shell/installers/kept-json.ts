/**
 * What an install notes in its working folder as JSON, read back. One that is damaged is told by its name: what was on the
 * appliance before a patch is known from there alone, and must never be guessed.
 */
import { dirname } from 'node:path'
import { z } from 'zod'
import { DamagedFile, readKept } from '../damaged-file.ts'

/** Null where there is none. */
export async function readKeptJson<Noted>(file: string, schema: z.ZodType<Noted>): Promise<Noted | null> {
  const advice = `Look at what is installed of the patch, put right by hand what is not, then remove ${dirname(file)} and start the agent again.`
  const bytes = await readKept(file, advice)
  if (bytes === null) return null
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      throw new DamagedFile({ file, what: 'is damaged: it is not what was written', advice }, error)
    throw error
  }
}
