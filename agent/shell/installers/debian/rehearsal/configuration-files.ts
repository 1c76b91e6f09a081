/**
 * What becomes of the administrator's configuration. dpkg runs with `--force-confdef` and `--force-confold`, so it never
 * asks, and a file that somebody changed, wrote or deleted stays as it is; what the package brings is put beside it.
 * That is told in `whatStays`. Where dpkg would lose such a file all the same, `whatIsLost` refuses.
 */
import { type BytePath, readableName } from '../package-contents.ts'
import type { Remark } from './remarks.ts'
import { md5Of, type Situation } from './situation.ts'

type AtPlace = { readonly is: 'absent' | 'folder' | 'special' | 'link' } | { readonly is: 'file'; readonly md5: string }

export async function whatIsLost(situation: Situation): Promise<string | null> {
  for (const { path, removeOnUpgrade } of situation.conffiles) {
    const place = await lookAt(situation, path)
    const name = readableName(path)
    if (removeOnUpgrade) {
      if (place.is !== 'absent' && !situation.recorded.has(path)) {
        return `${name} lies on this appliance and was never of this package, which would take it away as an outdated configuration file; move it away first`
      }
      continue
    }
    if (place.is === 'folder' || place.is === 'special') {
      const what = place.is === 'folder' ? 'a folder' : 'no plain file'
      return `${name} is ${what} on this appliance, and the package brings a configuration file of that name, which dpkg could not put there; move it away first`
    }
  }
  return whichBecamePlain(situation)
}

/** A configuration file of the version that is there which is a plain file of the new one: dpkg replaces it. */
async function whichBecamePlain(situation: Situation): Promise<string | null> {
  const { entries, conffiles, recorded } = situation
  const declared = new Set(conffiles.map(({ path }) => path))
  for (const { path, kind } of entries) {
    const known = recorded.get(path)
    if (known === undefined || declared.has(path) || kind === 'folder') continue
    const place = await lookAt(situation, path)
    if (place.is === 'absent' || (place.is === 'file' && place.md5 === known.md5)) continue
    return `${readableName(path)} is a configuration file that was changed on this appliance, and for this version of the package it is none: dpkg would replace it without a copy. Keep a copy elsewhere and put the original back, or move it away first`
  }
  return null
}

export async function whatStays(situation: Situation): Promise<Remark[]> {
  const remarks: Remark[] = []
  for (const { path, removeOnUpgrade } of situation.conffiles) {
    const remark = removeOnUpgrade ? await whyMovedAway(situation, path) : await whyItStays(situation, path)
    if (remark !== null) remarks.push(remark)
  }
  return remarks
}

async function whyItStays(situation: Situation, path: BytePath): Promise<Remark | null> {
  const { md5, recorded, options } = situation
  const brought = md5.get(path)
  if (brought === undefined) return null
  const known = recorded.get(path)
  const place = await lookAt(situation, path)
  if (place.is === 'link') return remark(path, 'is a link on this appliance and stays one', '.dpkg-new')
  if (place.is === 'absent') {
    if (known === undefined || options.forced.has('confmiss')) return null
    const sentence = 'was deleted on this appliance and stays so'
    return known.md5 === brought ? remark(path, sentence, null) : remark(path, sentence, '.dpkg-dist')
  }
  if (place.is !== 'file' || place.md5 === brought) return null
  if (known === undefined || !/^[0-9a-f]{32}$/.test(known.md5)) {
    return remark(path, 'was on this appliance before the package brought one, and stays as it is', '.dpkg-dist')
  }
  if (place.md5 === known.md5 || known.md5 === brought) return null
  return remark(path, 'was changed on this appliance and stays as it is', '.dpkg-dist')
}

async function whyMovedAway(situation: Situation, path: BytePath): Promise<Remark | null> {
  const known = situation.recorded.get(path)
  const place = await lookAt(situation, path)
  if (known === undefined || place.is !== 'file' || place.md5 === known.md5) return null
  const beside = `${path}.dpkg-old`
  const sentence = `the package has no use for ${readableName(path)} any more; what was changed in it is kept as ${readableName(beside)}`
  return { sentence, beside }
}

function remark(path: BytePath, what: string, ending: string | null): Remark {
  const name = readableName(path)
  if (ending === null) return { sentence: `${name} ${what}`, beside: null }
  return {
    sentence: `${name} ${what}; what the package brings lies beside it as ${name}${ending}`,
    beside: `${path}${ending}`,
  }
}

async function lookAt({ below }: Situation, path: BytePath): Promise<AtPlace> {
  const lies = below.lies(path)
  if (lies === null) return { is: 'absent' }
  if (lies.isSymbolicLink()) return { is: 'link' }
  if (lies.isDirectory()) return { is: 'folder' }
  return lies.isFile() ? { is: 'file', md5: await md5Of(below.onDisk(path)) } : { is: 'special' }
}
