/**
 * Finds in a source text where an error is taken and not looked at. What is done about an error is said in words, or it
 * is another's: then `ifThere` or `Promise.allSettled` say so. A `catch` without a name must end in a refusal or an error.
 */

const LOST = [
  /\bcatch\s*(\([^)]*\))?\s*\{\s*\}/g,
  /\bcatch\s*\{(?!\s*(\}|return refuse\b|throw\b))/g,
  /\.catch\(\s*(async\s*)?\(\s*\)\s*=>/g,
  /\.catch\(\s*(async\s*)?(\(\s*\w+(: \w+)?\s*\)|\w+)\s*=>\s*(undefined|null|false|void 0|\{\s*\})/g,
  /\.(on|once)\(\s*'error',\s*\(\s*\w*\s*\)\s*=>\s*(\{\s*\}|undefined|null|void 0)/g,
]
const EMPTY_FUNCTION =
  /\bfunction (\w+)\([^)]*\)(?:: [\w<>]+)? \{\s*\}|\bconst (\w+) = \([^)]*\)(?:: \w+)? => (?:\{\s*\}|undefined|null)/g

/** The places, as they stand in the text; comments must have been taken out. */
export function lostErrors(code: string): string[] {
  const handlers = [...code.matchAll(/\.(?:then|catch)(?=\()/g)].flatMap(({ 0: call, index }) =>
    argumentsAt(code, index + call.length).slice(call === '.then' ? 1 : 0),
  )
  const listeners = [...code.matchAll(/\.(?:on|once)\(\s*'error',\s*(\w+)\)/g)].map(([, name]) => name ?? '')
  const idle = [...code.matchAll(EMPTY_FUNCTION)].map(([, one, other]) => one ?? other ?? '')
  return [
    ...LOST.flatMap((pattern) => [...code.matchAll(pattern)].map(([whole]) => whole)),
    ...[...code.matchAll(/\.then(?=\()/g)]
      .map(({ index }) => argumentsAt(code, index + '.then'.length)[1] ?? '')
      .filter((handler) => /^(async )?\(\s*\)\s*=>/.test(handler)),
    ...idle.filter((name) => handlers.includes(name) || listeners.includes(name)),
  ]
}

/** The arguments of a call whose bracket opens at `open`, split where commas stand outside of all brackets. */
function argumentsAt(code: string, open: number): string[] {
  const given = ['']
  let depth = 0
  for (const sign of code.slice(open)) {
    if ('([{'.includes(sign)) depth += 1
    if (')]}'.includes(sign)) depth -= 1
    if (depth === 0) break
    if (sign === ',' && depth === 1) given.push('')
    else if (depth > 1 || sign !== '(') given.push((given.pop() ?? '') + sign)
  }
  return given.map((text) => text.trim()).filter((text) => text !== '')
}

export const WAYS_TO_LOSE_AN_ERROR: readonly [how: string, text: string][] = [
  ['in an empty catch', 'try { work() } catch (error) { }'],
  ['in a catch that gives null', 'try { return work() } catch { return null }'],
  ['in a catch of a promise that gives undefined', 'await work().catch(() => undefined)'],
  ['in a catch of a promise that does something else', 'await work().catch(() => again())'],
  ['under a name that is not used', 'await work().catch((_error) => null)'],
  ['under a name with a type', 'await work().catch((_: unknown) => {})'],
  ['in the second argument of then', 'work().then(\n  (done) => tell(done, [1, 2]),\n  () => tell(null),\n)'],
  ['in a function without a body', 'function ignore(): void {}\nwork().catch(ignore)'],
  ['in a function that gives nothing', 'const ignore = () => undefined\nwork().then(tell, ignore)'],
  ['in a listener without a body', "socket.on('error', () => {})"],
  ['in a listener that is a function without a body', "function ignore() {}\nsocket.once('error', ignore)"],
]
