/**
 * A YAML text that knows on which line each of its values stands, so that whoever judges the values can say where. A
 * path is what zod gives: keys and indexes from the top.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'

export type Path = readonly PropertyKey[]

export class YamlLines {
  readonly #document: Document
  readonly #counter = new LineCounter()

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#counter, prettyErrors: false })
  }

  /** What is wrong with the YAML itself, if anything; a tag that nobody knows would otherwise be passed over in silence. */
  mistakes(): { line: number; message: string }[] {
    const { errors, warnings } = this.#document
    return [...errors, ...warnings].map(({ pos, message }) => ({ line: this.#lineAt(pos[0]), message }))
  }

  /** Throws where aliases would blow the value up. */
  value(): unknown {
    return this.#document.toJS()
  }

  /** The line of the key or list item that the path leads to, or of the last one on the way that is there. */
  lineOf(path: Path): number {
    let node: unknown = this.#document.contents
    let line = isNode(node) ? this.#startOf(node) : 1
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.#document)
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
        if (pair === undefined) return line
        if (isNode(pair.key)) line = this.#startOf(pair.key)
        node = pair.value
      } else if (isSeq(node)) {
        node = node.items[Number(step)]
        if (!isNode(node)) return line
        line = this.#startOf(node)
      } else {
        return line
      }
    }
    return line
  }

  #startOf({ range }: Node): number {
    return this.#lineAt(range?.[0] ?? 0)
  }

  #lineAt(offset: number): number {
    return Math.max(1, this.#counter.linePos(offset).line)
  }
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value)
}

/** `dataCenters[0].wan.down`. */
export function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}
