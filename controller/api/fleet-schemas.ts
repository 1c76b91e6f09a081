/**
 * The JSON of the API about appliances, tokens and the mesh, as schemas.ts has the rest: what is accepted, strictly, and
 * what is answered, compared by the compiler with the types of the core.
 */
import { z } from 'zod'
import {
  ApplianceKind,
  ApplianceName,
  DataCenterName,
  GroupName,
  OrganizationName,
  PeerId,
  Role,
  Sha256,
} from '../../protocol/identifiers.ts'
import * as inventory from '../core/appliance-views.ts'
import type * as meshes from '../core/mesh.ts'
import { TARGET_STATES } from '../core/rollout/install-states.ts'
import type * as windows from '../core/windows/setting.ts'
import { MaintenanceWindow } from '../core/windows/window.ts'
import { PageQuery } from './pagination.ts'

const time = z.iso.datetime()
const count = z.int().min(0)

/** Filters and order of the inventory; what is left out does not filter. */
export const InventoryQuery = z.strictObject({
  search: z.string().max(100).default(''),
  organization: z.string().max(100).default(''),
  dataCenter: z.string().max(100).default(''),
  kind: z.string().max(40).default(''),
  role: z.union([Role, z.literal('')]).default(''),
  reachable: z.enum(['yes', 'no', '']).default(''),
  members: z.enum(['now', 'retired']).default('now'),
  sort: z.enum(inventory.SORT_KEYS).default('dataCenter'),
  order: z.enum(['up', 'down']).default('up'),
})
export const InventoryPageQuery = InventoryQuery.extend(PageQuery.shape)
const patchOnAppliance = { id: Sha256, name: z.string(), version: z.string(), architecture: z.string().nullable() }
const inventoryRow = {
  name: z.string(),
  peer: PeerId,
  organization: z.string(),
  dataCenter: z.string(),
  kind: z.string(),
  role: z.string(),
  group: z.string(),
  reachable: z.boolean(),
  held: z.string().nullable(),
  lastSeenAt: time,
  enrolledAt: time,
  account: z
    .object({
      agentVersion: z.string(),
      storeBytes: count,
      freeBytes: count,
      toldAt: time,
      architectures: z.array(z.string()),
      restartDue: z.object({ since: time, wantedBy: z.array(z.string()) }).nullable(),
      clockAheadSeconds: z.int(),
    })
    .nullable(),
  versions: z.array(z.object({ patch: z.string(), version: z.string() })),
  bytesPerSecond: count,
  sources: z.array(z.string()),
  retiredAt: time.nullable(),
  lookedAt: time.nullable(),
  ledgerLostAt: time.nullable(),
}
export const InventoryRow: z.ZodType<inventory.InventoryRow> = z.object(inventoryRow)
export const ApplianceDetail: z.ZodType<inventory.ApplianceDetail> = z.object({
  ...inventoryRow,
  epoch: count,
  addresses: z.array(z.string()),
  copies: z.array(
    z.object({
      ...patchOnAppliance,
      state: z.enum(['waiting', 'transferring', 'verifying', 'replicated']),
      bytes: count,
      bytesLeft: count,
      bytesPerSecond: count,
      sources: z.array(z.string()),
      secondsLeft: count.nullable(),
      provenAt: time.nullable(),
      reason: z.string(),
    }),
  ),
  detections: z.array(
    z.object({
      ...patchOnAppliance,
      result: z.enum(['applicable', 'installed', 'notApplicable', 'unknown']),
      installedVersion: z.string().nullable(),
      reason: z.string(),
      detectedAt: time,
      seenAt: time,
    }),
  ),
  installs: z.array(
    z.object({
      ...patchOnAppliance,
      install: z.string(),
      state: z.enum(TARGET_STATES),
      reason: z.string(),
      output: z.string(),
      installedVersion: z.string().nullable(),
      changedAt: time,
    }),
  ),
  lastMember: z.string().nullable(),
})
export const RenameBody = z.strictObject({ name: ApplianceName })
export const RetireBody = z.strictObject({ lastMember: z.boolean().default(false) })

export const EnrollBody = z.strictObject({
  name: ApplianceName,
  organization: OrganizationName,
  dataCenter: DataCenterName,
  kind: ApplianceKind,
  role: Role,
  group: GroupName.default(GroupName.parse('pair')),
})
export const IssuedToken: z.ZodType<inventory.ShownToken> = z.object({
  id: PeerId,
  name: z.string(),
  token: z.string(),
  command: z.string(),
  expiresAt: time,
})
export const TopologyTokens = z.object({
  made: IssuedToken.array(),
  known: z.array(z.string()),
  waiting: z.array(z.object({ name: z.string(), dataCenter: z.string() })),
  denied: z.array(z.object({ name: z.string(), message: z.string() })),
})
export const OpenToken: z.ZodType<inventory.OpenToken> = z.object({
  id: PeerId,
  name: z.string(),
  organization: z.string(),
  dataCenter: z.string(),
  kind: z.string(),
  role: z.string(),
  group: z.string(),
  issuedAt: time,
  expiresAt: time,
  replaces: z.string().nullable(),
})
export const RevokedToken = z.object({ id: PeerId })
/** An id, NAME@VERSION or NAME@VERSION:ARCHITECTURE; empty for all patches together. */
export const MeshQuery = z.strictObject({ patch: z.string().max(250).default('') })
/** Of the page with the picture and the table, which shows a part of the Data Centers at a time. */
export const DataCentersQuery = MeshQuery.extend({ page: z.coerce.number().int().min(1).default(1) })
const meshEnd = z.object({ name: z.string(), dataCenter: z.string().nullable() })
export const Mesh: z.ZodType<meshes.Mesh> = z.object({
  dataCenters: z.array(
    z.object({
      name: z.string(),
      members: z.array(
        z.object({
          name: z.string(),
          role: z.string(),
          reachable: z.boolean(),
          state: z.enum(['waiting', 'transferring', 'verifying', 'replicated']),
        }),
      ),
      appliances: count,
      bytesPerSecond: count,
    }),
  ),
  flows: z.array(z.object({ from: meshEnd, to: meshEnd, bytesPerSecond: count })),
  sentBytesPerSecond: count,
})
export const LogBundle = z.object({
  madeAt: time,
  appliance: ApplianceDetail,
  history: z.array(
    z.object({ at: time, actor: z.string(), action: z.string(), subject: z.string(), outcome: z.string() }),
  ),
  /** `answered` false: why is in `reason`. */
  agent: z.object({ answered: z.boolean(), reason: z.string(), log: z.array(z.string()) }),
})

export const WindowView: z.ZodType<windows.WindowView> = MaintenanceWindow.extend({
  isOpen: z.boolean(),
  opensAt: time.nullable(),
  closesAt: time.nullable(),
})
