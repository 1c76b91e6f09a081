/**
 * Which names are names: what outside text may become an identifier, and what is refused (U10 of the catalogue).
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { z } from 'zod'
import { AppliancePath, PayloadPath } from '../../protocol/bundle/manifest.ts'
import {
  ApplianceKind,
  ApplianceName,
  DataCenterName,
  DialAddress,
  GroupName,
  InstallId,
  ListenAddress,
  OrganizationName,
  PatchName,
  PatchVersion,
  Sha256,
} from '../../protocol/identifiers.ts'
import { root } from './samples.ts'

function table(what: string, schema: z.ZodType<unknown>, { good, bad }: { good: string[]; bad: string[] }): void {
  describe(what, () => {
    for (const text of good) test(`may be ${shown(text)}`, () => assert.ok(schema.safeParse(text).success))
    for (const text of bad) test(`may not be ${shown(text)}`, () => assert.ok(!schema.safeParse(text).success))
  })
}

function shown(text: string): string {
  const escaped = JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return escaped.length > 60 ? `${escaped.slice(0, 50)}… (${text.length} characters)` : escaped
}

const CONTROL = ['a\u0000b', 'a\nb', 'a\tb', 'a\u001b[31mb', 'a\u007fb', 'a\u0085b', 'a\u2028b', 'a\u2029b']
const INVISIBLE = ['a\u202eb', 'a\u200bb', 'a\u200db', 'a\u2066b', '\ufeffa', 'a\u00adb', '\ud800', 'a\udc00b']

table('the name of an organization', OrganizationName, {
  good: [
    'acme',
    'Org 1000',
    'Zweite "GmbH"',
    "O'Neil & Sons",
    '株式会社',
    'Ünïcode',
    '<script>',
    '../../etc',
    '😀',
    'x'.repeat(100),
  ],
  bad: ['', ' ', '.', '..', '...', ' acme', 'acme ', 'x'.repeat(101), 'u\u0308', 'e\u0301', ...CONTROL, ...INVISIBLE],
})

table('the name of a Data Center', DataCenterName, {
  good: ['Paris', 'All of Europe', 'DC-1'],
  bad: ['All', 'all', 'ALL', '', '.', '..', ...CONTROL],
})

table('the name of an appliance', ApplianceName, {
  good: ['paris/primary', 'Paris-Primär 1', '..a', 'a.', '. .'],
  bad: ['', '.', '..', '....', ...INVISIBLE],
})

table('the name of a group', GroupName, { good: ['pair', 'pair.1'], bad: ['', '.', '..'] })

table('the kind of an appliance', ApplianceKind, {
  good: ['tenant', 'service-provider', 'x1'],
  bad: ['', 'Tenant', '1x', 'a b', 'a_b', '-a', 'x'.repeat(41)],
})

const PATHS = [
  '../x',
  '..',
  '.',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'C:\\x',
  '~x',
  '-rf',
  '',
  'a b',
  'a;b',
  '$(id)',
  '`id`',
  'a*',
  'a|b',
]
table('the name of a patch', PatchName, {
  good: ['patch-1', 'KB5044284', 'a', 'openssl_3.0+deb', '1.2', 'CON', 'x'.repeat(100)],
  bad: [...PATHS, '.hidden', '_x', 'é', 'x'.repeat(101), 'a@1', 'a:b', ...CONTROL],
})

table('the version of a patch', PatchVersion, {
  good: ['1', '1.0.0', '1:2.3~rc1-4+deb12u1', '2026-01-01', 'v1_2'],
  bad: [...PATHS, '~1', ':1', 'x'.repeat(101), '1 0', ...CONTROL],
})

table('a SHA-256', Sha256, {
  good: ['ab'.repeat(32)],
  bad: ['', 'AB'.repeat(32), 'ab'.repeat(31), 'ab'.repeat(33), `${'ab'.repeat(32)}\n`, `g${'a'.repeat(63)}`],
})

table('the id of an install', InstallId, {
  good: ['0'.repeat(32)],
  bad: ['', 'A'.repeat(32), '0'.repeat(31), '../../x'],
})

table('an address to listen at', ListenAddress, {
  good: ['/ip4/10.0.0.1/tcp/4001', '/ip6/::1/tcp/0', '/dns4/paris.example/tcp/65535'],
  bad: [
    '',
    '10.0.0.1:4001',
    '/ip4/10.0.0.1/udp/4001',
    '/ip4/10.0.0.1/tcp/4001/ws',
    '/ip4/a b/tcp/1',
    '/ip4//tcp/1',
    '/ip4/10.0.0.1/tcp/123456',
  ],
})

table('an address to dial', DialAddress, {
  good: [`/ip4/10.0.0.1/tcp/4001/p2p/${root.peer}`],
  bad: [
    '/ip4/10.0.0.1/tcp/4001',
    `/ip4/10.0.0.1/tcp/4001/p2p/${root.peer}/p2p-circuit`,
    '/ip4/10.0.0.1/tcp/4001/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
  ],
})

const CLIMBING = [
  '',
  '..',
  '../x',
  'a/../b',
  'a/..',
  './a',
  'a/./b',
  'a//b',
  'a/',
  'a\\b',
  'a b',
  'a\u0000',
  'a\n',
  'ä',
]
table('a path inside a payload', PayloadPath, {
  good: ['a', 'bin/install', 'a.b/c-d_e+f', '..a', 'a..'],
  bad: [...CLIMBING, '/a'],
})
table('a path on an appliance', AppliancePath, {
  good: ['/a', '/opt/x/version', '/..a'],
  bad: [...CLIMBING, 'a', '/', '/..', '/a/../b', '//a'],
})
