/**
 * The sources of a package as JavaScript: one entry for each program, shared chunks beside them in one flat folder, so that
 * what is found beside a source file (a worker, an asset) is found beside its code too. Names of third-party packages that
 * went in are given, for the bill of materials.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import product from '../../package.json' with { type: 'json' }
import { PATTERNFLY_FILES } from '../page/assets.ts'

export const ROOT = path.resolve(import.meta.dirname, '../..')

export type Program = 'agent/main' | 'controller/main' | 'controller/cli/main'

export type Bundled = {
  /** Of packages of npm, whose code is in the bundle. */
  readonly packages: readonly string[]
}

/** Threads of the controller, found beside whoever starts them. */
const WORKERS = ['controller/shell/intake/hash-worker', 'controller/shell/intake/inspect-worker']
/** Some packages ask for `require`, which a module has not. */
const REQUIRE =
  "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);"

/** Writes lib/ of a package into `folder`; what is in it says that it is of this release. */
export async function bundleSources(folder: string, programs: readonly Program[], release: string): Promise<Bundled> {
  const hasPages = programs.includes('controller/main')
  const entries = [...programs, ...(hasPages ? WORKERS : [])]
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(entries.map((entry) => [nameOf(entry), `${entry}.ts`])),
    outdir: folder,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    banner: { js: REQUIRE },
    legalComments: 'none',
    metafile: true,
    plugins: [sayingRelease(release)],
    logLevel: 'error',
  })
  for (const program of programs) {
    await mkdir(path.join(folder, path.dirname(program)), { recursive: true })
    const up = '../'.repeat(program.split('/').length - 1)
    await writeFile(path.join(folder, `${program}.js`), `import '${up}${nameOf(program)}.js'\n`)
  }
  const bundled = Object.keys(metafile.inputs).flatMap((input) => packageOf(input) ?? [])
  return { packages: [...new Set([...bundled, ...(hasPages ? await copyPageFiles(folder) : [])])].sort() }
}

/** In the place of what package.json says. */
function sayingRelease(version: string): Plugin {
  return {
    name: 'release',
    setup({ onLoad }) {
      onLoad({ filter: /package\.json$/ }, ({ path: file }) =>
        file === path.join(ROOT, 'package.json')
          ? { contents: JSON.stringify({ ...product, version }), loader: 'json' }
          : null,
      )
    },
  }
}

function nameOf(entry: string): string {
  return WORKERS.includes(entry) ? path.basename(entry) : entry.replaceAll('/', '-')
}

/** The path below node_modules of the package that a file of a bundle came from. */
function packageOf(input: string): string | undefined {
  return /^(node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]
}

/** What the controller reads when it runs: its assets, PatternFly's style sheets, and the decoder of xz. */
async function copyPageFiles(folder: string): Promise<string[]> {
  const resolve = createRequire(import.meta.url).resolve
  await cp(path.join(ROOT, 'controller/page/assets'), path.join(folder, 'assets'), { recursive: true })
  const wasm = path.join(path.dirname(resolve('node-liblzma/wasm')), 'liblzma.wasm')
  await cp(wasm, path.join(folder, 'liblzma.wasm'))
  const from = path.dirname(resolve('@patternfly/patternfly/package.json'))
  const to = path.join(folder, 'node_modules/@patternfly/patternfly')
  for (const file of ['package.json', ...PATTERNFLY_FILES]) await cp(path.join(from, file), path.join(to, file))
  return ['node_modules/@patternfly/patternfly', 'node_modules/node-liblzma']
}
