/**
 * Every command that the guide and its pages show is one that there is, with options that it has.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { COMMANDS } from '../../controller/cli/commands.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PAGES = [
  'README.md',
  'docs/operators-guide.md',
  'docs/command-line.md',
  'docs/configuration.md',
  'docs/data-folders.md',
  'docs/installers.md',
]
/** What the launcher hands to the other parts: each has its own tests of its options. */
const LAUNCHER = readFileSync(path.join(ROOT, 'patchmesh'), 'utf8')
const ELSEWHERE = [...LAUNCHER.matchAll(/^ {2}([a-z| -]+)\)/gm)].flatMap(([, words = '']) => words.split(' | '))
const ALL = Object.values(COMMANDS).flat()

/** What stands in code, between backticks or in a block, from `patchmesh` to the end of that command. */
function commandsIn(page: string): string[] {
  const blocks = [...page.matchAll(/^```[a-z]*\n([^`]*)^```/gm)].flatMap(([, block = '']) => block.split('\n'))
  const inline = [...page.replaceAll(/^```[^`]*^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  return [...blocks, ...inline].flatMap(
    (code) =>
      code
        .split('#')[0]
        ?.split(/&&|\||;/)
        .flatMap((part) => /(?:^|\s|\/)patchmesh ([a-z].*)$/.exec(part.trim())?.[1] ?? []) ?? [],
  )
}

for (const page of PAGES) {
  test(`${page} shows commands that there are`, async () => {
    const shown = commandsIn(await readFile(path.join(ROOT, page), 'utf8'))
    const wrong = shown.flatMap((words) => {
      const [first = '', second = ''] = words.split(/\s+/)
      if (ELSEWHERE.includes(first)) return []
      const command = [`${first} ${second}`, first].flatMap((name) => ALL.find((one) => one.name === name) ?? [])[0]
      if (command === undefined)
        return ALL.some(({ name }) => name.startsWith(`${first} `)) && second === '' ? [] : [words]
      const options = [...words.matchAll(/\s--([a-z][a-z-]*)/g)].map(([, name = '']) => name)
      return options
        .filter((name) => !(name in command.options) && name !== 'help')
        .map((name) => `${words}: --${name}`)
    })
    assert.deepEqual(wrong, [])
  })
}

test('the guide shows a command of every kind', async () => {
  const shown = commandsIn(await readFile(path.join(ROOT, 'docs/operators-guide.md'), 'utf8'))
  assert.ok(shown.length > 80, `${shown.length} commands were found`)
})
