/**
 * What leaves a machine for people to read has no secrets in it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redacted } from '../../protocol/redacted.ts'

for (const [text, expected] of [
  ['started with --token pm1.pWRkaWFsgXhQ_L2-lwNC', 'started with --token pm1.[redacted]'],
  ['GET /sign-in?link=abcdefghijklmnopqrstuvwxyz', 'GET /sign-in?link=[redacted]'],
  ['authorization: Bearer abc.def', 'authorization: Bearer [redacted]'],
  ['{"password":"two words","user":"x"}', '{"password":[redacted],"user":"x"}'],
  ['PASSWORD=hunter2 next', 'PASSWORD=[redacted] next'],
  ['-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----', '[redacted private key]'],
  ['key AGE-SECRET-KEY-1QQPZRY9X8 of backups', 'key AGE-SECRET-KEY-1[redacted] of backups'],
  ['cookie: __Host-patchmesh-session=abc.def; other=1', 'cookie: __Host-patchmesh-session=[redacted]; other=1'],
  ['Authorization: Basic YW5hOmh1bnRlcjI=', 'Authorization: Basic [redacted]'],
  ['proxy http://ana:hunter2@10.0.0.1:3128/', 'proxy http://[redacted]@10.0.0.1:3128/'],
  ['{"line":"{\\"token\\":\\"hunter2\\"}"}', '{"line":"{\\"token\\":[redacted]}"}'],
  ['fetched https://10.0.0.1:8443/a@b', 'fetched https://10.0.0.1:8443/a@b'],
  ['uplink lost: closed by the other side', 'uplink lost: closed by the other side'],
] as const)
  test(`INV16 ${JSON.stringify(text.slice(0, 40))} is told as ${JSON.stringify(expected.slice(0, 40))}`, () => {
    assert.equal(redacted(text), expected)
  })
