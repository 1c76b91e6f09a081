/**
 * What a rehearsal has found and later steps need, kept durably in the scratch folder before anything changes: what the
 * archive brings, which of it are configuration files, and what the report shall say.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../../durable-file.ts'
import { readKeptJson } from '../../kept-json.ts'
import { Remark } from './remarks.ts'

const FILE = 'rehearsal.json'

/** All paths are as bytes, one character each. */
const Findings = z.strictObject({
  remarks: z.array(Remark),
  conffiles: z.array(z.string()),
  /** What it would take over of others, and the packages that it says it replaces. */
  taken: z.strictObject({ paths: z.array(z.string()), replaced: z.array(z.string()) }),
  /** What has to lie on the appliance after the install. */
  expected: z.strictObject({ files: z.array(z.string()), folders: z.array(z.string()), links: z.array(z.string()) }),
})
export type Findings = z.infer<typeof Findings>

export async function rememberFindings(scratch: string, findings: Findings): Promise<void> {
  await writeDurably(scratch, FILE, Buffer.from(JSON.stringify(findings)))
}

/** Null where no rehearsal of this attempt came to its end. */
export function findingsOf(scratch: string): Promise<Findings | null> {
  return readKeptJson(join(scratch, FILE), Findings)
}
