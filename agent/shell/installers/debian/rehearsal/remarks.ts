/**
 * What an install left as the administrator had it, in sentences for the report. They are found in the rehearsal and
 * kept in the scratch folder until the install is verified; what a script of the package made untrue meanwhile is not told.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../../durable-file.ts'
import { readIfThere } from '../../read-if-there.ts'
import { BelowRoot } from './below-root.ts'

const FILE = 'remarks.json'
/** A report is one paragraph; who wants them all looks at the appliance. */
const MAX_TOLD = 5

/** True only while `beside`, a path of bytes below the root, is there; null where nothing has to be. */
const Remark = z.strictObject({ sentence: z.string(), beside: z.string().nullable() })
export type Remark = z.infer<typeof Remark>

export async function rememberRemarks(scratch: string, remarks: readonly Remark[]): Promise<void> {
  await writeDurably(scratch, FILE, Buffer.from(JSON.stringify(remarks)))
}

export async function remarksOf(scratch: string, root: string): Promise<string[]> {
  const text = await readIfThere(join(scratch, FILE))
  if (text === null) return []
  const below = await BelowRoot.open(root)
  const told: string[] = []
  for (const { sentence, beside } of z.array(Remark).parse(JSON.parse(text))) {
    if (beside === null || below.lies(beside) !== null) told.push(sentence)
  }
  if (told.length <= MAX_TOLD) return told
  return [...told.slice(0, MAX_TOLD), `${told.length - MAX_TOLD} more of this kind`]
}
