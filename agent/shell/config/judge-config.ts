/**
 * What is wrong with a configuration, as sentences: where, what, and for a name that nobody knows which one was meant.
 */
import { z } from 'zod'
import { nearestName } from './nearest-name.ts'

export type Problem = {
  /** The names and places on the way to it. */
  readonly path: readonly PropertyKey[]
  /** The name there that nobody knows. */
  readonly key: string | null
  readonly message: string
}

export function problemsOf(schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const { path, message } = issue
    if (issue.code !== 'unrecognized_keys') return [{ path, key: null, message }]
    const names = namesAt(schema, path)
    return issue.keys.map((key) => ({
      path,
      key,
      message: `Unrecognized key: ${JSON.stringify(key)}${meant(key, names)}`,
    }))
  })
}

/** For a schema that looks what a value has before it chooses another: that one's issues, in the same words. */
export function addProblems(context: z.core.$RefinementCtx, schema: z.ZodType, { issues }: z.ZodError): void {
  for (const { path, message } of problemsOf(schema, issues)) {
    context.addIssue({ code: 'custom', path: [...path], message })
  }
}

function meant(key: string, names: readonly string[]): string {
  const nearest = nearestName(key, names)
  return nearest === null ? `; there are ${names.join(', ')}` : `; did you mean ${nearest}?`
}

/** The names that the schema knows at a place. */
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const bare =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema
  const [step, ...rest] = path
  if (bare instanceof z.ZodArray && step !== undefined) return namesAt(bare.element as z.ZodType, rest)
  if (!(bare instanceof z.ZodObject)) return []
  if (step === undefined) return Object.keys(bare.shape)
  const next: unknown = bare.shape[step as string]
  return next instanceof z.ZodType ? namesAt(next, rest) : []
}
