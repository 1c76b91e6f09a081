/**
 * Reads a daemon's YAML file by its schema. What is wrong with it is told all at once, each with its line, and nothing is
 * taken from a file with anything wrong in it.
 */
import { readFile, stat } from 'node:fs/promises'
import type { Document, LineCounter } from 'yaml'
import type { z } from 'zod'
import { type Problem, problemsOf } from './judge-config.ts'

const MAX_CONFIG_BYTES = 1_048_576

type Yaml = typeof import('./yaml-parts.ts')

/** One thing that is wrong, with the line of the file, or null where it concerns the whole. */
export type FileProblem = { readonly line: number | null; readonly message: string }

export class WrongConfig extends Error {
  override readonly name = 'WrongConfig'
  readonly file: string
  readonly problems: readonly FileProblem[]

  constructor(file: string, problems: readonly FileProblem[]) {
    super(sentence(file, problems))
    this.file = file
    this.problems = problems
  }
}

function sentence(file: string, problems: readonly FileProblem[]): string {
  const [first, ...others] = problems
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${problemLine(file, first)}${more}; correct it, patchmesh config check ${file} says all that is wrong`
}

export function problemLine(file: string, problem: FileProblem | undefined): string {
  return `${file}${problem?.line == null ? '' : `:${problem.line}`}: ${problem?.message ?? 'cannot be read'}`
}

/** What the file says; throws `WrongConfig`. An empty file, or none, is one in which everything is left out. */
export async function readConfigFile<Config>(schema: z.ZodType<Config>, file: string | undefined): Promise<Config> {
  if (file === undefined) return schema.parse({})
  const text = await textOf(file)
  const yaml = await import('./yaml-parts.ts')
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const torn = [...document.errors, ...document.warnings].map(({ message, pos: [at] }) => ({
    line: lines.linePos(at).line,
    message: `is not YAML as it has to be: ${message}`,
  }))
  if (torn.length > 0) throw new WrongConfig(file, torn)
  const config = schema.safeParse(valueOf(document, file) ?? {})
  if (config.success) return config.data
  const problems = problemsOf(schema, config.error.issues)
  const told = problems.map((problem) => ({ line: lineOf(document, yaml, lines, problem), message: worded(problem) }))
  throw new WrongConfig(
    file,
    told.sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
  )
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MAX_CONFIG_BYTES) throw new Error(`it has ${size} bytes, ${MAX_CONFIG_BYTES} at most are read`)
    return await readFile(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new WrongConfig(file, [{ line: null, message: `cannot be read: ${why}` }])
  }
}

/** An alias that unfolds to thousands of others is an error of YAML's, told like all others. */
function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new WrongConfig(file, [{ line: null, message: error instanceof Error ? error.message : String(error) }])
  }
}

function worded({ path, message }: Problem): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}

/** Of the name that nobody knows, or else of the innermost thing on the way that is there. */
function lineOf(document: Document, yaml: Yaml, lines: LineCounter, { path, key }: Problem): number | null {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    const at = length === path.length && key !== null ? keyNode(node, yaml, key) : node
    if (yaml.isNode(at) && at.range != null) return lines.linePos(at.range[0]).line
  }
  return null
}

function keyNode(node: unknown, { isMap, isScalar }: Yaml, name: string): unknown {
  return isMap(node) ? node.items.map(({ key }) => key).find((key) => isScalar(key) && key.value === name) : node
}
