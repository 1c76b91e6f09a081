/**
 * No text makes one of our regular expressions take longer than in proportion to it: each literal of the product, as
 * TypeScript's own parser finds it, is judged by recheck.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { after, test } from 'node:test'
import { check } from 'recheck'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import { isIdentifier, isRegularExpressionLiteral } from 'typescript/unstable/ast/is'
import { API } from 'typescript/unstable/sync'
import { PATIENCE_MS } from '../simulator/processes/patience.ts'
import { DEADLINE } from './support/eventually.ts'

const ROOT = resolve(import.meta.dirname, '..')
/** Recheck counts what an attack makes it read, and no clock, so that a busy machine judges the same. */
const JUDGING = { timeout: PATIENCE_MS, attackTimeout: null, incubationTimeout: null }

const parser = new API({ cwd: ROOT })
after(() => parser.close())

const files = ['protocol', 'agent', 'controller', 'simulator'].flatMap((tree) =>
  readdirSync(join(ROOT, tree), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|js)$/.test(name))
    .map((name) => join(ROOT, tree, name)),
)
const snapshot = parser.updateSnapshot({ openFiles: files })

/** Every node of the product's code, with its place. */
function* everyNode(): Generator<{ node: Node; file: string }> {
  for (const path of files) {
    const source = snapshot.getDefaultProjectForFile(path)?.program.getSourceFile(path)
    assert.ok(source !== undefined, `${path} was not parsed`)
    const waiting: Node[] = [source]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      yield { node, file: relative(ROOT, path) }
      node.forEachChild((child) => void waiting.push(child))
    }
  }
}

test('A23 no regular expression of the product is slow for any text', DEADLINE, async () => {
  const places = new Map<string, string>()
  for (const { node, file } of everyNode()) if (isRegularExpressionLiteral(node)) places.set(node.text, file)
  assert.ok(places.size > 50, `only ${places.size} were found`)
  const doubtful: string[] = []
  for (const [literal, file] of places) {
    const end = literal.lastIndexOf('/')
    const { status } = await check(literal.slice(1, end), literal.slice(end + 1), JUDGING)
    if (status !== 'safe') doubtful.push(`${file}: ${literal} is ${status}`)
  }
  assert.deepEqual(doubtful, [])
})

test('A23 no regular expression of the product is put together from texts', () => {
  const made = [...everyNode()].filter(({ node }) => isIdentifier(node) && node.text === 'RegExp')
  // As a type it makes none.
  const used = made.filter(({ node }) => node.parent.kind !== SyntaxKind.TypeReference)
  assert.deepEqual(
    used.map(({ file }) => file),
    [],
  )
})
