import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions } from '../../protocol/version-order.ts'

/** Each is later than the one before it. */
const RISING = ['1.0~~', '1.0~rc1', '1.0', '1.0-1', '1.0-1+b1', '1.0a', '1.0+dfsg', '1.9', '1.10', '10', '1:0.1', '2:0']

test('versions rise as the Debian Policy Manual says', () => {
  const sorted = [...RISING].reverse().sort(compareVersions)
  assert.deepEqual(sorted, RISING)
})

test('a version is neither before nor after itself, however its zeros are written', () => {
  for (const version of RISING) assert.equal(compareVersions(version, version), 0)
  assert.equal(compareVersions('1.01', '1.1'), 0)
  assert.equal(compareVersions('1.0', '0:1.0-0'), 0)
})
