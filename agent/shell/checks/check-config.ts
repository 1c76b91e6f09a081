/**
 * The checks that an appliance's operator names in the agent's configuration: each a program or an address on the
 * appliance, with a name by which its results are told.
 */
import { z } from 'zod'
import { CheckName, MAX_CHECKS } from '../../core/install/policies/checks.ts'
import { addProblems } from '../config/judge-config.ts'

export const MAX_TIMEOUT_SECONDS = 600
const MAX_WORDS = 64

/** A program of the operator with its arguments, handed on as they are, without a shell. */
export const OwnProgram = z.strictObject({
  program: z.string().max(4_096).startsWith('/', 'must be the whole path of the program, beginning with /'),
  arguments: z
    .array(
      z
        .string()
        .max(4_096)
        .regex(/^[^\0]*$/, 'must have no NUL'),
    )
    .max(MAX_WORDS)
    .default([]),
  timeoutSeconds: z.number().min(1).max(MAX_TIMEOUT_SECONDS).default(30),
})
export type OwnProgram = z.output<typeof OwnProgram>

const NAMED = {
  name: CheckName,
  /** Nothing begins while it is bad; otherwise it only tells what the install has changed. */
  mustPassBefore: z.boolean().default(true),
  /** How long after an install it may take to be good again. */
  goodWithinSeconds: z.number().min(0).max(3_600).default(60),
}
const ProgramCheck = OwnProgram.extend(NAMED)
const AddressCheck = z.strictObject({
  ...NAMED,
  http: z.url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' }),
  status: z.int().min(100).max(599).default(200),
  timeoutSeconds: OwnProgram.shape.timeoutSeconds,
})
export type AddressCheck = z.output<typeof AddressCheck>
export type Check = z.output<typeof ProgramCheck> | AddressCheck

/** Which of both it is shows in what it has, so that a wrong word in either is named. */
const Check = z.unknown().transform((value, context): Check => {
  const isAddress = typeof value === 'object' && value !== null && 'http' in value
  const schema = isAddress ? AddressCheck : ProgramCheck
  const check = schema.safeParse(value)
  if (check.success) return check.data
  addProblems(context, schema, check.error)
  return z.NEVER
})

export const Checks = z
  .array(Check)
  .max(MAX_CHECKS)
  .refine((checks) => new Set(checks.map(({ name }) => name)).size === checks.length, 'must have names of their own')
  .refine(
    (checks) => checks.reduce((sum, { timeoutSeconds }) => sum + timeoutSeconds, 0) <= MAX_TIMEOUT_SECONDS,
    `must have time-outs of at most ${MAX_TIMEOUT_SECONDS} seconds together, since they are asked one after the other`,
  )
