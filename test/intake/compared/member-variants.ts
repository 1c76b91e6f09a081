/** The members of a package: which there are, in which order, and how their headers are written. */
import { tarArchive } from '../../support/tar-fixtures.ts'
import { ar, controlMember, DATA_ENTRIES, dataMember, deb, FORMAT, type Member } from './parts.ts'
import type { Variant } from './variant.ts'

export function memberVariants(): Variant[] {
  const extra = (name: string): Member => ({ name, content: 'extra' })
  const [control, data] = [controlMember(), dataMember()]
  return [
    { name: 'three members as dpkg-deb writes them', bytes: deb() },
    { name: 'a member that begins with an underscore first', bytes: ar([extra('_x'), FORMAT, control, data]) },
    { name: 'a member that begins with an underscore second', bytes: ar([FORMAT, extra('_x'), control, data]) },
    { name: 'a member that begins with an underscore third', bytes: ar([FORMAT, control, extra('_x'), data]) },
    { name: 'a member that begins with an underscore last', bytes: ar([FORMAT, control, data, extra('_x')]) },
    {
      name: 'a character device in data.tar',
      bytes: deb({ data: dataMember(tarArchive([...DATA_ENTRIES, { name: './opt/null', type: '3' }])) }),
      purpose: 'device',
    },
    { name: 'no member', bytes: ar([]) },
    { name: 'no data.tar', bytes: ar([FORMAT, control]) },
    { name: 'no control.tar', bytes: ar([FORMAT, data]) },
  ]
}
