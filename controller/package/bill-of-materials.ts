/**
 * What is in a package, as CycloneDX: npm's own bill of the lock file, narrowed to what went in, without what would make it
 * another text each time (the time, a random number, the release of npm).
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { ROOT } from './bundle-sources.ts'

const run = promisify(execFile)

type Component = { 'bom-ref': string; name: string; version: string; [more: string]: unknown }
type Bill = {
  serialNumber: string
  metadata: { timestamp: string; tools: { vendor: string; name: string; version?: string }[]; component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn?: string[] }[]
  [more: string]: unknown
}

/** Of everything that the lock file names. */
export async function billOfLock(): Promise<Bill> {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
  const { stdout } = await run('npm', words, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout) as Bill
}

/** `contents` are paths below node_modules, as the lock file has them. */
export function billOf(
  whole: Bill,
  made: { name: string; version: string; date: Date; contents: readonly string[] },
  versionOf: (path: string) => string,
): string {
  const { name, version, date, contents } = made
  const root = `${name}@${version}`
  const inside = new Set(contents.map((path) => `${path.replace(/^.*node_modules\//, '')}@${versionOf(path)}`))
  const missing = [...inside].filter((ref) => whole.components.every((component) => component['bom-ref'] !== ref))
  if (missing.length > 0) throw new Error(`npm sbom does not name ${missing.join(', ')}, which is in ${name}`)
  const components = whole.components.filter((component) => inside.has(component['bom-ref']))
  const dependencies = whole.dependencies
    .filter(({ ref }) => inside.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => inside.has(other)) }))
  const { component, ...metadata } = whole.metadata
  const bill = {
    ...whole,
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([root, components]))}`,
    metadata: {
      ...metadata,
      timestamp: date.toISOString(),
      tools: [{ vendor: 'npm', name: 'cli' }],
      component: {
        ...component,
        'bom-ref': root,
        type: 'application',
        name,
        version,
        purl: `pkg:deb/patchmesh/${root}`,
      },
    },
    components,
    dependencies: [{ ref: root, dependsOn: [...inside].sort() }, ...dependencies],
  }
  return `${JSON.stringify(bill, null, 2)}\n`
}

/** A number that follows from the content (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
