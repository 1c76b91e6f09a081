/**
 * Topology files: YAML to a topology. Whatever is wrong with a file is told with its line, and with what was expected
 * there; nothing is guessed. The shape is judged first, by topology-schema.ts; then names are made for what was written
 * as a number, and what the names say of each other is judged.
 */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { expandTopology } from './expand-topology.ts'
import type { Topology } from './topology.ts'
import { type Path, pathText, YamlLines } from './topology-lines.ts'
import { TopologyText } from './topology-schema.ts'

/** A file of a thousand different Data Centers has half of this. */
export const MAX_TOPOLOGY_BYTES = 1024 * 1024
const SHOWN_MISTAKES = 10

/** `message` has a line `FILE:LINE: sentence` for each of the first mistakes. */
export class TopologyFileError extends Error {
  override readonly name = 'TopologyFileError'
}

/** Throws `TopologyFileError` when it is no topology, and an `Error` when it cannot be read. */
export async function readTopologyFile(file: string): Promise<Topology> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    throw new Error(`the topology ${file} cannot be read: ${why}`, { cause: error })
  }
  if (bytes.length > MAX_TOPOLOGY_BYTES) {
    throw new TopologyFileError(
      `${file}:1: the file has ${bytes.length} bytes, expected at most ${MAX_TOPOLOGY_BYTES}.`,
    )
  }
  return parseTopology(bytes.toString('utf8'), file)
}

/** `file` is what mistakes are told about. Throws `TopologyFileError`. */
export function parseTopology(text: string, file: string): Topology {
  const lines = new YamlLines(text)
  const mistakes = lines.mistakes()
  const tell = (path: Path, message: string): void => void mistakes.push({ line: lines.lineOf(path), message })
  const end = (): never => {
    const shown = mistakes.sort((left, right) => left.line - right.line).slice(0, SHOWN_MISTAKES)
    throw new TopologyFileError(shown.map(({ line, message }) => `${file}:${line}: ${message}.`).join('\n'))
  }
  if (mistakes.length > 0) return end()
  let value: unknown
  try {
    value = lines.value()
  } catch (error) {
    tell([], (error as Error).message)
    return end()
  }
  const shape = TopologyText.safeParse(value)
  if (!shape.success) {
    for (const issue of shape.error.issues) {
      for (const { path, message } of sentences(issue, value)) tell(path, message)
    }
    return end()
  }
  const topology = expandTopology(shape.data, tell)
  return mistakes.length > 0 ? end() : topology
}

/** One for each key that does not belong there, one for anything else. */
function sentences(issue: z.core.$ZodIssue, whole: unknown): { path: Path; message: string }[] {
  const { path, message } = issue
  const where = path.length === 0 ? 'the file' : pathText(path)
  const keys: unknown = issue.code === 'custom' ? issue.params?.keys : issue.code === 'unrecognized_keys' && issue.keys
  if (Array.isArray(keys)) {
    return keys.map((key: string) => ({
      path: [...path, key],
      message: `${where} has nothing called ${key}, ${message}`,
    }))
  }
  const value = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | null)?.[key], whole)
  return [{ path, message: `${where} ${found(value)}, ${message}` }]
}

function found(value: unknown): string {
  if (value === undefined) return 'is missing'
  if (value === null) return 'is empty'
  const text = JSON.stringify(value)
  return `is ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`
}
