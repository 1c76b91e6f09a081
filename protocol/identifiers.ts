/**
 * The names things go by. Every identifier is a branded string, so a hash never travels as a bare `string` and a
 * name of one kind is never taken for another. The schemas here are the only way from outside text to a brand.
 */
import { z } from 'zod'

/** Lower-case hexadecimal SHA-256. As `Sha256` of an uploaded file it is the identity of a patch. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hexadecimal')
  .brand<'Sha256'>()
export type Sha256 = z.infer<typeof Sha256>

/** The peer ids of the smallest and the largest 32 bytes; base58 texts of one length sort like the numbers they are. */
const FIRST_PEER_ID = '12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9ttwiw'
const LAST_PEER_ID = '12D3KooWT3gYEvLJyx1FyyHqrmvdy1tMjpgxmu9aSeKMEuafQtyC'

/**
 * The text form of an Ed25519 libp2p peer id. The public key is inside it, so it also names a signing key; a text beyond
 * the first and the last one would decode to the key of another peer id.
 */
export const PeerId = z
  .string()
  .regex(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, 'is not an Ed25519 peer id')
  .refine((peer) => peer >= FIRST_PEER_ID && peer <= LAST_PEER_ID, 'is not the peer id of an Ed25519 key')
  .brand<'PeerId'>()
export type PeerId = z.infer<typeof PeerId>

/** A multiaddr with the peer id that must answer there: `/ip4/10.0.0.1/tcp/4001/p2p/12D3KooW…`. */
export const DialAddress = z
  .string()
  .max(256)
  .regex(
    /^\/(ip4|ip6|dns|dns4|dns6)\/[^/\s]{1,128}\/tcp\/\d{1,5}\/p2p\/12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/,
    'is not /ip4/…/tcp/…/p2p/…',
  )
  .brand<'DialAddress'>()
export type DialAddress = z.infer<typeof DialAddress>

/** A multiaddr without a peer id: where somebody listens. */
export const ListenAddress = z
  .string()
  .max(192)
  .regex(/^\/(ip4|ip6|dns|dns4|dns6)\/[^/\s]{1,128}\/tcp\/\d{1,5}$/, 'is not /ip4/…/tcp/…')
  .brand<'ListenAddress'>()
export type ListenAddress = z.infer<typeof ListenAddress>

/**
 * What people call an organization, a Data Center, an appliance or a group: any script, no control characters. Each is a
 * part of an address, and whoever follows an address takes `.` and `..` in it for a way up.
 */
const displayName = z
  .string()
  .min(1)
  .max(100)
  .refine(
    (name) => name === name.normalize('NFC') && name === name.trim(),
    'has spaces at an end or is not in Unicode NFC',
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the purpose
  .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u, 'has control or formatting characters')
  .refine((name) => !/^\.+$/.test(name), 'is dots alone, which no address can hold')

export const OrganizationName = displayName.brand<'OrganizationName'>()
export type OrganizationName = z.infer<typeof OrganizationName>
export const DataCenterName = displayName
  .refine((name) => name.toLowerCase() !== 'all', '"All" stands for every Data Center')
  .brand<'DataCenterName'>()
export type DataCenterName = z.infer<typeof DataCenterName>
export const ApplianceName = displayName.brand<'ApplianceName'>()
export type ApplianceName = z.infer<typeof ApplianceName>
export const GroupName = displayName.brand<'GroupName'>()
export type GroupName = z.infer<typeof GroupName>

/** Under which a maintenance window or a blackout is set. */
export const WindowName = displayName.brand<'WindowName'>()
export type WindowName = z.infer<typeof WindowName>

/** Who makes and signs patches. */
export const PublisherName = displayName
  .refine((name) => /[\p{L}\p{N}]/u.test(name), 'has no letter or digit')
  .brand<'PublisherName'>()
export type PublisherName = z.infer<typeof PublisherName>

/** `service-provider`, `tenant`, or another word that manifests may name. */
export const ApplianceKind = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a lower-case word')
  .brand<'ApplianceKind'>()
export type ApplianceKind = z.infer<typeof ApplianceKind>
export const SERVICE_PROVIDER = ApplianceKind.parse('service-provider')
export const TENANT = ApplianceKind.parse('tenant')

export const Role = z.enum(['primary', 'secondary'])
export type Role = z.infer<typeof Role>

/** A patch's name and version as people say them; the grammar keeps them safe in file names and on command lines. */
export const PatchName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9+._-]{0,99}$/,
    'is not a patch name: letters, digits and + . _ - after a letter or digit',
  )
  .brand<'PatchName'>()
export type PatchName = z.infer<typeof PatchName>
export const PatchVersion = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9+.~:_-]{0,99}$/,
    'is not a version: letters, digits and + . ~ : _ - after a letter or digit',
  )
  .brand<'PatchVersion'>()
export type PatchVersion = z.infer<typeof PatchVersion>

const randomId = z.string().regex(/^[0-9a-f]{32}$/, 'is not 32 hexadecimal digits')
export const InstallId = randomId.brand<'InstallId'>()
export type InstallId = z.infer<typeof InstallId>
export const OrderId = randomId.brand<'OrderId'>()
export type OrderId = z.infer<typeof OrderId>

/** Two names with one key are one name: what looks alike, and is written large or small, is the same person. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase()
}
