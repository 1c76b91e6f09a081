/**
 * Which of two versions is the later one, by the rules of the Debian Policy Manual, "Control files and their fields",
 * Version: an epoch, then the upstream version, then the revision, each compared in turns of text and number. Versions
 * that nobody meant for dpkg come out as people expect: 1.9 before 1.10, 2.0~rc1 before 2.0.
 */

/** Negative when `left` is the earlier one, 0 when neither is. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [partsOf(left), partsOf(right)]
  return a.epoch - b.epoch || compareParts(a.upstream, b.upstream) || compareParts(a.revision, b.revision)
}

function partsOf(version: string): { epoch: number; upstream: string; revision: string } {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? []
  const dash = rest.lastIndexOf('-')
  const [upstream, revision] = dash < 0 ? [rest, '0'] : [rest.slice(0, dash), rest.slice(dash + 1)]
  return { epoch: Number(epoch), upstream, revision }
}

function compareParts(left: string, right: string): number {
  for (let a = left, b = right; a !== '' || b !== ''; ) {
    const [textA = '', textB = ''] = [/^\D*/.exec(a)?.[0], /^\D*/.exec(b)?.[0]]
    const byText = compareTexts(textA, textB)
    if (byText !== 0) return byText
    a = a.slice(textA.length)
    b = b.slice(textB.length)
    const [digitsA = '', digitsB = ''] = [/^\d*/.exec(a)?.[0], /^\d*/.exec(b)?.[0]]
    const byNumber = BigInt(digitsA) - BigInt(digitsB)
    if (byNumber !== 0n) return byNumber < 0n ? -1 : 1
    a = a.slice(digitsA.length)
    b = b.slice(digitsB.length)
  }
  return 0
}

function compareTexts(left: string, right: string): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = weight(left[at]) - weight(right[at])
    if (difference !== 0) return difference
  }
  return 0
}

/** A tilde is before the end of the text, the end before letters, and letters before everything else. */
function weight(character: string | undefined): number {
  if (character === undefined) return 0
  if (character === '~') return -1
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256
}
