/**
 * `patchmesh release sign`: shows what a bundle is, asks, and adds the signature of a publisher's key (sign-bundle.ts).
 */
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { keyIdOf } from '../../protocol/trust/publishers.ts'
import { isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand, required } from './command.ts'
import { plural, readableBytes } from './quantities.ts'
import { readSigningKey } from './release-key.ts'
import { checkedHead, signBundle } from './sign-bundle.ts'
import { printable } from './terminal.ts'

export const releaseSign = defineCommand({
  name: 'release sign',
  summary: "Adds the signature of a publisher's key to a patch bundle",
  operands: ['BUNDLE'],
  usage: 'BUNDLE --key FILE [--out FILE] [--yes]',
  options: {
    key: { type: 'string', value: 'FILE', about: 'the key, from patchmesh release key' },
    out: { type: 'string', value: 'FILE', about: 'where to write the signed bundle (default: in place)' },
    ...YES_OPTION,
    ...outputOptions('{"file","name","version","keyid","signatures"}'),
  },
  remarks: ['The signatures that others have made stay, so each holder of a key signs on a machine of their own.'],
  example: 'patchmesh release sign ./kernel-6.1.patch --key ./acme-1.key',
  async run({ options, operands: [file = ''], terminal, show }) {
    const key = await readSigningKey(required('key', options.key))
    const head = await checkedHead(file)
    const { name, version, publisher, payload } = head.manifest
    terminal.tell(printable(`${name}@${version} by ${publisher}`))
    terminal.tell(`payload ${payload.size} bytes (${readableBytes(payload.size)}), SHA-256 ${payload.sha256}`)
    terminal.tell(`signed so far by ${plural(head.signed.signatures.length, 'key')}`)
    if (!(await isAgreed({ yes: options.yes, terminal, nothing: 'It was not signed' }, 'Sign it?'))) return 1
    const out = options.out ?? file
    await signBundle({ file, head, key, out })
    const keyid = keyIdOf(key.publicKey)
    const signatures = new Set([...head.signed.signatures.map((one) => one.keyid), keyid]).size
    return show({ file: out, name, version, keyid, signatures }, () => [
      printable(`${out}: ${name}@${version}, signed by ${plural(signatures, 'key')}, now by ${keyid} too`),
    ])
  },
})
