/**
 * The reason of a failed run, found among what dpkg and maintainer scripts print. The texts are as dpkg 1.21.22 wrote
 * them in small roots.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isLocked, reasonOf } from '../../agent/shell/installers/debian/dpkg-complaint.ts'

const BEGUN = ['Selecting previously unselected package p.', 'Preparing to unpack p.deb ...', 'Unpacking p (1) ...']
const ENDED = ['Errors were encountered while processing:', ' p']

function output(...lines: readonly string[]): string {
  return [...BEGUN, ...lines, ...ENDED, ''].join('\n')
}

const REASONS: Readonly<Record<string, readonly [printed: string, reason: string | null]>> = {
  'X20: is the line after the colon': [
    output(
      'Setting up p (1) ...',
      'cannot reach the licence server',
      'dpkg: error processing package p (--install):',
      ' installed p package post-installation script subprocess returned error exit status 3',
    ),
    'error processing package p (--install): installed p package post-installation script subprocess returned error exit status 3',
  ],
  'X20: is never a warning, which may come first': [
    output(
      "dpkg: warning: 'ldconfig' not found in PATH or not executable",
      'dpkg: error processing archive /var/lib/patchmesh/install/96f1/p.deb (--install):',
      " cannot copy extracted data for './opt/p/big' to '/opt/p/big.dpkg-new': failed to write (No space left on device)",
    ),
    "error processing archive p.deb (--install): cannot copy extracted data for './opt/p/big' to '/opt/p/big.dpkg-new': failed to write (No space left on device)",
  ],
  'X20: names the dependency, where dpkg says only that there are problems': [
    output(
      'dpkg: dependency problems prevent configuration of p:',
      ' p depends on libx (>= 2); however:',
      '  Package libx is not installed.',
      '',
      'dpkg: error processing package p (--install):',
      ' dependency problems - leaving unconfigured',
    ),
    'dependency problems prevent configuration of p: p depends on libx (>= 2); however: Package libx is not installed',
  ],
  'X20: names what is in conflict': [
    output(
      'dpkg: regarding p.deb containing p:',
      ' p conflicts with q',
      '  q (version 1) is present and installed.',
      '',
      'dpkg: error processing archive p.deb (--install):',
      ' conflicting packages - not installing p',
    ),
    'regarding p.deb containing p: p conflicts with q: q (version 1) is present and installed',
  ],
  'says why a script could not even be started': [
    output(
      'dpkg (subprocess): unable to execute new p package pre-installation script (/var/lib/dpkg/tmp.ci/preinst): No such file or directory',
      'dpkg: error processing archive p.deb (--install):',
      ' new p package pre-installation script subprocess returned error exit status 2',
    ),
    'error processing archive p.deb (--install): new p package pre-installation script subprocess returned error exit status 2 (unable to execute new p package pre-installation script (/var/lib/dpkg/tmp.ci/preinst): No such file or directory)',
  ],
  'is what dpkg says of its own database': [
    "dpkg: error: parsing file '/var/lib/dpkg/status' near line 30:\n end of file after field name 'garbage'\n",
    "parsing file '/var/lib/dpkg/status' near line 30: end of file after field name 'garbage'",
  ],
  'of a conffile that cannot be': [
    output('dpkg: error processing package p (--install):', " conffile name 'etc/p.conf' is not an absolute pathname"),
    "error processing package p (--install): conffile name 'etc/p.conf' is not an absolute pathname",
  ],
  'is none where only a script has printed something': [output('dpkg-divert: error: mismatch', 'no dpkg here'), null],
}

describe('The reason of a failed run of dpkg', () => {
  for (const [title, [printed, reason]] of Object.entries(REASONS)) {
    test(title, () => assert.equal(reasonOf(printed), reason))
  }
})

describe('A lock of dpkg', () => {
  const sentence = 'dpkg: error: dpkg frontend lock was locked by another process with pid 4711'
  test('of its frontend or of its database is told by its first line and its status', () => {
    for (const lock of ['frontend', 'database']) {
      const printed = `dpkg: error: dpkg ${lock} lock was locked by another process with pid 7\nNote: …\n`
      assert.equal(isLocked({ status: 2, output: printed }), true)
    }
    assert.equal(isLocked({ status: 2, output: `dpkg: warning: unknown option\n${sentence}\n` }), true)
  })

  test('X22: that a script speaks of is none', () => {
    assert.equal(isLocked({ status: 1, output: output(sentence) }), false)
    assert.equal(isLocked({ status: 2, output: output(sentence) }), false)
    assert.equal(isLocked({ status: 1, output: `${sentence}\n` }), false)
  })
})
