/**
 * What the control archive of a package says of it: what is refused and in which words, and what becomes of it in the
 * manifest. Whether dpkg judges alike is compared in compared/control.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectDebianPackage } from '../../controller/shell/intake/debian-package.ts'
import { isRefusal, type RefusalCode } from '../../protocol/refusals.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { arArchive, CONTROL, debianMembers } from '../support/debian-fixtures.ts'
import type { TarFixture } from '../support/tar-fixtures.ts'

/** A package whose control archive holds these files; `control` is Latin-1. */
function withControl(control: string, others: readonly TarFixture[] = []): Buffer {
  return arArchive(
    debianMembers({ control: [{ name: './control', content: Buffer.from(control, 'latin1') }, ...others] }),
  )
}

/** The control file with another line instead of the one with that field, or with one more. */
function withLine(line: string): Buffer {
  const field = line.slice(0, line.indexOf(':') + 1)
  const lines = CONTROL.filter((one) => !one.startsWith(field))
  return withControl(`${[line, ...lines].join('\n')}\n`)
}

async function refuses(bytes: Uint8Array, code: RefusalCode, says: RegExp): Promise<void> {
  const judged = await inspectDebianPackage(chunked(bytes))
  assert.ok(isRefusal(judged), `was accepted: ${JSON.stringify(judged)}`)
  assert.equal(judged.refused, code, judged.message)
  assert.match(judged.message, says)
}

async function manifestOf(bytes: Uint8Array) {
  const draft = await inspectDebianPackage(chunked(bytes))
  assert.ok(!isRefusal(draft), JSON.stringify(draft))
  return draft
}

test('U10 Y3: refuses control fields that dpkg refuses, and says which and why', async () => {
  for (const name of ['../../x', '<script>', '-rf', '$(id)', '']) {
    await refuses(withLine(`Package: ${name}`), 'bad_name', /^No dpkg takes the Package field of the control file, /)
  }
  await refuses(withLine(`Package: ${'x'.repeat(101)}`), 'bad_name', /101 characters/)
  for (const version of ['1 0', '1_0', '$(id)', '']) {
    await refuses(withLine(`Version: ${version}`), 'bad_name', /^No dpkg takes the Version field of the control file, /)
  }
  await refuses(withLine(`Version: ${'1'.repeat(101)}`), 'bad_name', /101 characters/)
  const faults: [line: string, says: RegExp][] = [
    ['Architecture: AMD 64', /has " ", and only letters, digits and - are allowed/],
    ['Architecture: any', /"any": no appliance can be of it/],
    ['Essential: maybe', /"maybe": it is none of yes, no/],
    ['Multi-Arch: yes', /it is none of no, allowed, foreign, same/],
    ['Status: install ok installed', /only dpkg's own database has this field/],
    ['Depends: a,', /"a,": a package name is missing/],
    ['Depends: a (=> 1)', /the version after a has "1" where "\)" is expected/],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as debian/control has it before it is filled in
    ['Depends: ${shlibs:Depends}', /"\$\{shlibs" is no package name/],
    ['Breaks: a | b', /a has an alternative, which the field cannot have/],
  ]
  for (const [line, says] of faults) await refuses(withLine(line), 'bad_manifest', says)
  await refuses(withControl(`${CONTROL.slice(1).join('\n')}\n`), 'bad_manifest', /no Package field/)
  await refuses(withControl(`${CONTROL.join('\n')}\nVersion: 2\n`), 'malformed', /field "Version" twice/)
  await refuses(withControl(`${CONTROL.join('\n')}\n\nPackage: second\n`), 'malformed', /a second stanza begins/)
  await refuses(withControl(CONTROL.join('\n')), 'malformed', /ends without a last line feed in the value of the field/)
  await refuses(
    withControl(`${CONTROL.join('\n')}\n \n end\n`),
    'malformed',
    /a line of blanks continues the value of the field "Description", near line 9\.$/,
  )
})

test('U10: refuses a control archive without a plain control file', async () => {
  const control = (entry: TarFixture) => arArchive(debianMembers({ control: [entry] }))
  await refuses(control({ name: './md5sums', content: 'x' }), 'malformed', /no file named control/)
  await refuses(control({ name: './control', type: '2', linkName: '/etc/passwd' }), 'unsafe_entry', /is a link: dpkg/)
  await refuses(control({ name: './control/', type: '5' }), 'malformed', /has the folder "control" in it/)
})

test('Y4: refuses conffiles, triggers and scripts that only the real run of dpkg would find, in words', async () => {
  const lines = `${CONTROL.join('\n')}\n`
  const faults: [name: string, content: string, says: RegExp][] = [
    ['conffiles', '/etc/a', /line 1 of them has no line feed at its end/],
    ['conffiles', '# ours\n/etc/a\n', /line 1 of them, "# ours", is no absolute path/],
    ['conffiles', ' /etc/a\n', /line 1 of them has the flag ""/],
    ['conffiles', '/etc/a\n/\n', /line 2 of them is the root itself/],
    ['triggers', 'interest a', /line 1 of its triggers file has no line feed at its end/],
    ['triggers', '# a comment\nlisten a\n', /line 2 of its triggers file has the directive "listen"/],
    ['triggers', 'interest a_b\n', /"a_b", which names no trigger: it has an underscore/],
    ['postinst', '#!/bin/sh\r\nexit 0\r\n', /script postinst begins with .* and no dpkg can start it/],
  ]
  for (const [name, content, says] of faults) {
    await refuses(withControl(lines, [{ name: `./${name}`, content, mode: 0o755 }]), 'malformed', says)
  }
})

test('Y2: the name and the version of a patch are those that dpkg will tell of it', async () => {
  const written: [line: string, name: string, version: string][] = [
    ['Package: T', 't', '1:2.0-3~rc1'],
    ['Package: Name_With+Signs.x', 'name_with+signs.x', '1:2.0-3~rc1'],
    ['Version : 1', 'fixture', '1'],
    ['Version: 0:1-1', 'fixture', '1-1'],
    ['Version: +01:2', 'fixture', '1:2'],
    ['Version: 0:1:2', 'fixture', '0:1:2'],
  ]
  for (const [line, name, version] of written) {
    const lines = CONTROL.filter((one) => !line.startsWith(one.slice(0, one.indexOf(':'))))
    const draft = await manifestOf(withControl(`${[line, ...lines].join('\n')}\n`))
    assert.deepEqual([draft.name, draft.version, draft.verify.detect], [name, version, { dpkg: name }])
  }
  const revised = await manifestOf(withControl(`${CONTROL.join('\n')}\nRevision: 7\n`))
  assert.equal(revised.version, '1:2.0-3~rc1-7')
})

test('Y2: whatever the encoding and the line ends, the maintainer is readable', async () => {
  const maintained = async (maintainer: string) => (await manifestOf(withLine(`Maintainer: ${maintainer}`))).publisher
  assert.equal(await maintained('J\xf6rg <j@example.org>'), 'Jörg <j@example.org>')
  assert.equal(await maintained(Buffer.from('Jörg <j@example.org>').toString('latin1')), 'Jörg <j@example.org>')
  assert.equal(await maintained('a\x1b[2Jb'), 'a [2Jb')
  assert.equal(await maintained(`${'x'.repeat(300)}`), 'x'.repeat(200))
  const dos = await manifestOf(withControl(`\n${CONTROL.join('\r\n')}\r\n`))
  assert.equal(dos.publisher, 'Tests <tests@example.org>')
})

test('Y2: an Installed-Size that is a number counts, and any other does not harm', async () => {
  const needed = async (size: string) => (await manifestOf(withLine(`Installed-Size: ${size}`))).diskBytes
  assert.equal(await needed('12'), 12 * 1024)
  assert.equal(await needed('12.5'), 12.5 * 1024)
  for (const size of ['-1', 'abc', '12 kB', '99999999999999999999']) assert.equal(await needed(size), 0)
})
