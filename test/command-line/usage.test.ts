import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { patchmesh } from './run-patchmesh.ts'

const ALL_COMMANDS = [
  'demo',
  'simulate',
  'controller',
  'agent',
  'check',
  'doctor',
  'status',
  'orders stop',
  'enroll-token',
  'api-token',
  'sign-in-link',
  'api-tokens list',
  'api-tokens revoke',
  'people list',
  'people add',
  'people change',
  'people new-link',
  'people remove',
  'sessions list',
  'sessions end',
  'account',
  'publishers list',
  'publishers set',
  'publishers remove',
  'keys new',
  'policy init',
  'policy add',
  'policy sign',
  'policy show',
  'policy set',
  'approve',
  'trail list',
  'trail export',
  'patches upload',
  'uploads list',
  'uploads discard',
  'patches list',
  'patches show',
  'patches withdraw',
  'installs plan',
  'installs start',
  'installs list',
  'installs show',
  'installs extend',
  'installs pause',
  'installs resume',
  'installs cancel',
  'windows list',
  'windows set',
  'windows remove',
  'baselines list',
  'baselines set',
  'baselines remove',
  'patches exposure',
  'patches advisory',
  'due-dates list',
  'due-dates set',
  'retention show',
  'retention set',
  'patches pin',
  'patches unpin',
  'support',
  'limits list',
  'limits set',
  'data-centers list',
  'data-centers flows',
  'appliances list',
  'appliances show',
  'appliances logs',
  'appliances rename',
  'appliances retire',
  'appliances replace',
  'appliances enroll',
  'appliances tokens',
  'appliances revoke',
  'release example',
  'release build',
  'release wrap',
  'release key',
  'release sign',
]
const OWN_COMMANDS = ALL_COMMANDS.slice(6)

describe('the command line', () => {
  test('lists every command with one line each', async () => {
    const { status, stdout, stderr } = await patchmesh(['--help'])
    assert.equal(status, 0)
    assert.equal(stderr, '')
    const lines = stdout.split('\n')
    for (const name of ALL_COMMANDS) {
      assert.equal(lines.filter((line) => line.startsWith(`  ${name} `)).length, 1, name)
    }
    assert.ok(lines.every((line) => line.length <= 120))
  })

  test('shows the same list, and exits 2, when no command is given', async () => {
    const { status, stdout } = await patchmesh([])
    assert.equal(status, 2)
    assert.equal(stdout, (await patchmesh(['--help'])).stdout)
  })

  for (const name of OWN_COMMANDS) {
    test(`explains ${name} with its usage, options and an example`, async () => {
      const { status, stdout, stderr } = await patchmesh([...name.split(' '), '--help'])
      assert.equal(status, 0)
      assert.equal(stderr, '')
      assert.match(stdout, new RegExp(`^Usage: patchmesh ${name}[ \n]`))
      assert.match(stdout, /\nOptions:\n {2}--/)
      assert.match(stdout, /\nExample:\n {2}.*patchmesh /)
    })
  }

  const mistakes: [words: string[], sentence: RegExp][] = [
    [['frobnicate'], /^patchmesh: there is no command frobnicate\. See patchmesh --help\.\n$/],
    [['\u001b[31mred'], /there is no command \\u\{1b\}\[31mred/],
    [['patches'], /patches is one of: patches upload, patches list, patches show, patches withdraw/],
    [['patches', 'eat'], /patches is one of/],
    [['patches', 'upload'], /FILE is missing\. See patchmesh patches upload --help\./],
    [['patches', 'show', 'a', 'b'], /there is nothing to do with "b"/],
    [['patches', 'list', '--frob'], /Unknown option '--frob'/],
    [
      ['patches', 'list', '--api-token', '-4f'],
      /Option '--api-token' argument is ambiguous\. To specify .* use '--api-token=-XYZ'\. See/,
    ],
    [['patches', 'list', '--server'], /'--server <value>' argument missing/],
    [['patches', 'list'], /--api-token is missing: make one with patchmesh api-token/],
    [['patches', 'list', '--api-token', 't', '--server', 'ftp://x'], /--server "ftp:\/\/x" is not an address such as/],
    [['installs', 'start', 'x@1', '--api-token', 't'], /--organization is missing/],
    [['windows', 'set', 'x', '--minutes', '5'], /--begins is missing/],
    [['windows', 'set', 'x', '--begins', '2026-12-06T02:00'], /--minutes is missing/],
    [
      ['windows', 'set', 'x', '--begins', '2026-12-06T02:00', '--minutes', '5', '--rule', 'FREQ=OFTEN'],
      /--rule has a value for FREQ that is none/,
    ],
    [['limits', 'set', '--up', '1Mbit/s'], /give either --data-center or --service-center/],
    [['limits', 'set', '--data-center', 'x', '--service-center'], /give either --data-center or --service-center/],
    [['limits', 'set', '--data-center', 'x'], /nothing to set: give --down, --up, --quiet, --trading/],
    [['limits', 'set', '--data-center', 'x', '--down', 'fast'], /--down "fast" is not a rate above zero such as 100/],
    [['limits', 'set', '--data-center', 'x', '--quiet', '8-9'], /--quiet "8-9": is not written like 22:00-06:00/],
    [['limits', 'set', '--data-center', 'x', '--none', '--up', '1Mbit/s'], /--none and --up do not go together/],
    [['limits', 'set', '--service-center', '--no-trading', '--api-token', 't'], /the Service Center only sends/],
    [['api-token'], /--data is missing/],
    [['enroll-token'], /--data is missing/],
    [['enroll-token', '--data', 'x', '--role', 'tertiary'], /--role is primary or secondary, not "tertiary"/],
    [['release', 'example'], /--out is missing/],
    [['release', 'build', '--payload', 'x', '--out', 'x'], /--manifest is missing/],
    [['release', 'build', '--manifest', 'x', '--out', 'x'], /--payload is missing/],
    [['release', 'build', '--manifest', 'x', '--payload', 'x'], /--out is missing/],
    [['release', 'wrap', '--out', 'x'], /DEB is missing/],
    [['release', 'wrap', 'x.deb'], /--out is missing/],
    [['release', 'example', '--out', 'x', '--bytes', '1e3'], /--bytes is a whole number, not "1e3"/],
    [['release', 'example', '--out', 'x', '--failing', 'sometimes'], /--failing is install or health/],
  ]
  for (const [words, sentence] of mistakes) {
    test(`exits 2 with one sentence for: patchmesh ${JSON.stringify(words.join(' '))}`, async () => {
      const { status, stdout, stderr } = await patchmesh(words)
      assert.equal(status, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, sentence)
      assert.match(stderr, /^[^\n]+\n$/)
    })
  }

  test('exits 1 when nobody listens at the address, and says what to do', async () => {
    const { status, stderr } = await patchmesh([
      'patches',
      'list',
      '--api-token',
      't',
      '--server',
      'http://127.0.0.1:9',
    ])
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^patchmesh: The Service Center at http:\/\/127\.0\.0\.1:9 cannot be reached .*: start it, .*\n$/,
    )
  })
})
