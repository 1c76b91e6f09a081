/**
 * What an appliance says of itself when it is asked: signed by it, shown to people, and never counted.
 */
import { z } from 'zod'
import { Bytes } from './codec.ts'
import { PeerId } from './identifiers.ts'
import { MAX_LOG_BYTES } from './limits.ts'
import { statement, WallTime } from './trust/statements.ts'

/** The facts of agent/core/machine.ts. */
const Machine = z.strictObject({
  architectures: z.array(z.string().max(40)).max(32),
  bootId: z.string().max(64).nullable(),
  restartDue: z.strictObject({ sinceMs: WallTime, wantedBy: z.array(z.string().max(200)).max(20) }).nullable(),
  rooms: z.array(z.strictObject({ folder: z.string().max(1_000), freeBytes: z.int().min(0) })).max(16),
})

/** `toldAt` is its own time. */
export const Account = statement(
  'account',
  z.strictObject({
    from: PeerId,
    nonce: Bytes.refine((nonce) => nonce.byteLength === 16, 'is not 16 bytes'),
    agentVersion: z.string().max(100),
    /** Of patches on its disk, and what is left there. */
    storeBytes: z.int().min(0),
    freeBytes: z.int().min(0),
    /** What the machine is, or null before the first look. */
    machine: Machine.nullable(),
    /** The last lines, without secrets; empty unless it was asked for. */
    log: z.string().max(MAX_LOG_BYTES),
    toldAt: WallTime,
  }),
)
export type Account = z.infer<(typeof Account)['schema']>
