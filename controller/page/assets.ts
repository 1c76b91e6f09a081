/**
 * Everything static the pages use, held in memory: our style sheets, icon and scripts, and the part of PatternFly that
 * is used, with the fonts of the reader's system. A file's address contains the hash of its content, so a browser may
 * keep it for ever and an update is seen at once.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

export type Asset = { type: string; plain: Uint8Array; encoded(encoding: 'br' | 'gzip'): Uint8Array }

const OURS = path.join(import.meta.dirname, 'assets')
const PATTERNFLY = path.dirname(createRequire(import.meta.url).resolve('@patternfly/patternfly/package.json'))
const COMPONENTS = [
  ...['Alert/alert', 'Breadcrumb/breadcrumb', 'Button/button', 'Card/card', 'Check/check'],
  ...['DescriptionList/description-list', 'EmptyState/empty-state', 'Form/form', 'FormControl/form-control'],
  ...['Label/label', 'Masthead/masthead', 'Nav/nav', 'Page/page', 'Table/table', 'Table/table-grid', 'Title/title'],
]
/** What is read of PatternFly. */
export const PATTERNFLY_FILES = ['patternfly-base.css', ...COMPONENTS.map((component) => `components/${component}.css`)]
const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const byAddress = new Map<string, Asset>()
const addresses = new Map<string, string>()

add('patternfly.css', Buffer.from(patternflyStyles()))
// What is named by another comes first: answers.js and times.js by the scripts.
for (const name of [
  'page.css',
  'fleet.css',
  'icon.svg',
  'theme.js',
  'times.js',
  'answers.js',
  'live.js',
  'here.js',
  'resumable.js',
  'upload.js',
  'actions.js',
  'forms.js',
  'passkeys.js',
]) {
  add(name, Buffer.from(ourSource(name)))
}

export function findAsset(address: string): Asset | undefined {
  return byAddress.get(address)
}

export function assetAddress(name: string): string {
  const address = addresses.get(name)
  if (address === undefined) throw new Error(`there is no asset ${name}`)
  return address
}

function add(name: string, plain: Buffer): void {
  const { name: stem, ext } = path.parse(name)
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 16)
  const address = `/assets/${stem}.${hash}${ext}`
  addresses.set(name, address)
  byAddress.set(address, { type: TYPES[ext] ?? 'application/octet-stream', plain, encoded: compressor(plain) })
}

/** Each encoding is made once, when somebody first asks for it: a start of the process does not wait for it. */
function compressor(plain: Buffer): Asset['encoded'] {
  const made = new Map<string, Uint8Array>()
  return (encoding) => {
    const known = made.get(encoding)
    if (known !== undefined) return known
    const bytes =
      encoding === 'gzip'
        ? gzipSync(plain)
        : brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } })
    made.set(encoding, bytes)
    return bytes
  }
}

/** A script imports another by its plain name; the browser must ask for the hashed one. */
function ourSource(name: string): string {
  const source = readFileSync(path.join(OURS, name), 'utf8')
  return source.replace(/from '\.\/([a-z-]+\.js)'/g, (_, imported: string) => `from '${assetAddress(imported)}'`)
}

function patternflyStyles(): string {
  const styles = PATTERNFLY_FILES.map((file) => readFileSync(path.join(PATTERNFLY, file), 'utf8')).join('\n')
  // PatternFly waits for a class that only a script can set; without a choice it is what the person's system says.
  const schemed = styles.replace(/^(?::root)?:where\(\.pf-v6-theme-dark\) (\{[^{}]*\})/gm, (dark, tokens: string) => {
    return `@media (prefers-color-scheme: dark) { :root:where(:not(.pm-light)) ${tokens} }\n${dark}`
  })
  // What we do not serve (fonts, background pictures) is left out, so no page asks for it in vain.
  return schemed.replace(/@font-face\s*\{[^{}]*\}/g, '').replace(/url\("\.[^"]*"\)/g, 'none')
}
