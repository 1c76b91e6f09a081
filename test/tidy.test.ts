/**
 * The shape of the code as rules that a machine can check: who imports whom, what the cores may not touch, how files are
 * named and begun. Each message says what to do instead.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { INSTALL_STATES, TARGET_STATES } from '../controller/core/rollout/install-states.ts'
import { CopyState } from '../protocol/messages.ts'
import { lostErrors, WAYS_TO_LOSE_AN_ERROR } from './support/lost-errors.ts'

const ROOT = resolve(import.meta.dirname, '..')
const TREES = ['protocol', 'agent', 'controller', 'simulator', 'test']
const MAX_LINES = 300

type SourceFile = { path: string; text: string; code: string; imports: string[] }

const files: SourceFile[] = TREES.flatMap((tree) =>
  readdirSync(join(ROOT, tree), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => readSource(join(entry.parentPath, entry.name))),
)

function readSource(file: string): SourceFile {
  const text = readFileSync(file, 'utf8')
  const code = withoutComments(text)
  const specifiers = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(
    ([, specifier]) => specifier ?? '',
  )
  const imports = specifiers.map((specifier) =>
    specifier.startsWith('.') ? relative(ROOT, resolve(dirname(file), specifier)) : specifier,
  )
  return { path: relative(ROOT, file), text, code, imports }
}

/** Good enough for this code: a comment never begins inside a string that holds `/*`, or after `:` as in an address. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*\*?[\s\S]*?\*\//g, '').replaceAll(/(^|[^:'"`\\/])\/\/.*$/gm, '$1')
}

function withoutTexts(code: string): string {
  // A value may be called "any"; the type of that name has no declaration.
  const named = /\b(?:const|let) any\b/.test(code) ? code.replaceAll(/\bany\b/g, 'some') : code
  return named.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
}

/** Fails with one line for each file that breaks a rule. */
function check(breaches: string[]): void {
  assert.deepEqual(breaches, [])
}

function isIn(path: string, ...folders: string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`))
}

describe('imports go one way', () => {
  const mayImport: Record<string, string[]> = {
    protocol: ['protocol'],
    'agent/core': ['protocol', 'agent/core'],
    agent: ['protocol', 'agent'],
    'controller/core': ['protocol', 'agent/core', 'controller/core'],
    controller: ['protocol', 'agent', 'controller'],
    simulator: ['protocol', 'agent', 'controller', 'simulator'],
  }
  for (const [folder, allowed] of Object.entries(mayImport)) {
    test(`${folder} imports from ${allowed.join(', ')} only`, () => {
      const narrower = Object.keys(mayImport).filter((other) => isIn(other, folder))
      check(
        files
          .filter(({ path }) => isIn(path, folder) && !isIn(path, ...narrower))
          .flatMap(({ path, imports }) =>
            imports
              .filter((target) => TREES.some((tree) => isIn(target, tree)) && !isIn(target, ...allowed))
              .map((target) => `${path} imports ${target}: move what both need to one of ${allowed.join(', ')}`),
          ),
      )
    })
  }

  test('no file stands for a folder', () => {
    check(
      files
        .filter(({ path }) => /(^|\/)index\.tsx?$/.test(path))
        .map(({ path }) => `${path}: import from the file that defines what you need`),
    )
  })
})

describe('the cores are pure', () => {
  const CORES = ['agent/core', 'controller/core']
  const forbidden: [pattern: RegExp, instead: string][] = [
    [/\basync\b|\bawait\b/, 'return an effect, and take its answer as an event'],
    [/\bfrom 'node:|\bimport\('node:/, 'let protocol/ do it if it is pure, or return an effect'],
    [/'@?libp2p|'@libp2p|'@multiformats/, 'return an effect that the shell performs on the network'],
    [/'pino'|'kysely'|'hono/, 'return an effect'],
    [/\bDate\.now\b|\bnew Date\(\s*\)|\bDate\.UTC\b/, 'take the time of the last tick: state.clock'],
    // Writing a given number as text reads no clock.
    [
      /\bnew Date\((?!.*\)\.toISOString\(\))/,
      'only new Date(ms).toISOString() is allowed, to show a time that is known',
    ],
    [/\bTemporal\.Now\b/, 'take the time of the last tick: state.clock'],
    [/\bperformance\b/, 'take the time of the last tick: state.clock.monotonicMs'],
    [/\bMath\.random\b|\brandomBytes\b|\brandomUUID\b|\bcrypto\./, 'draw from state.random (protocol/random.ts)'],
    [
      /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/,
      'keep a deadline in the state and look at it at each tick',
    ],
    [/\bconsole\b/, "return { kind: 'log', … }"],
    [/\bprocess\./, 'take it as an argument'],
    [/\bthrow\b/, 'return a refusal, or assert when it can only be a bug'],
    [/\bPromise\b/, 'return an effect, and take its answer as an event'],
  ]
  // A damaged ledger stops an appliance before it has begun to decide anything.
  const mayThrow = ['agent/core/ledger.ts']
  for (const [pattern, instead] of forbidden) {
    test(`no ${pattern.source}`, () => {
      check(
        files
          .filter(({ path }) => isIn(path, ...CORES) && !(pattern.source.includes('throw') && mayThrow.includes(path)))
          .flatMap(({ path, code }) =>
            code
              .split('\n')
              .filter((line) => pattern.test(pattern.source.includes("'") ? line : withoutTexts(line)))
              .map((line) => `${path}: "${line.trim()}": ${instead}`),
          ),
      )
    })
  }
})

describe('files', () => {
  test('are named in kebab-case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.tsx?$/
    check(
      files
        .filter(
          ({ path }) =>
            !path.split('/').every((part, at, parts) => (at < parts.length - 1 ? /^[a-z0-9-]+$/ : kebab).test(part)),
        )
        .map(({ path }) => `${path}: use lower-case words and hyphens`),
    )
  })

  test('open with a comment that says what they are for', () => {
    check(
      files
        .filter(({ path, text }) => !path.endsWith('.test.ts') && !/^(#!.*\n)?(\/\*\*|\/\/)/.test(text))
        .map(({ path }) => `${path}: begin with what it decides, and what it leaves to whom`),
    )
  })

  test(`have at most ${MAX_LINES} lines`, () => {
    check(
      files
        .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
        .filter(({ path, lines }) => lines > MAX_LINES && !path.endsWith('.test.ts'))
        .map(({ path, lines }) => `${path} has ${lines} lines: take a part out that has a name of its own`),
    )
  })
})

describe('code', () => {
  const forbidden: [what: string, pattern: RegExp, instead: string][] = [
    [
      'any',
      new RegExp(String.raw`:\s*any\b|\bas any\b|<any\b|\bany\[\]|,\s*any>`),
      'name the type, or take unknown through the codec',
    ],
  ]
  for (const [what, pattern, instead] of forbidden) {
    test(`has no ${what}`, () => {
      check(
        files
          .filter(({ code }) => pattern.test(withoutTexts(code)))
          .map(({ path, code }) => `${path}: "${pattern.exec(withoutTexts(code))?.[0].trim()}": ${instead}`),
      )
    })
  }

  test('loses no error', () => {
    check(
      files
        .filter(({ path }) => path !== 'test/support/lost-errors.ts')
        .flatMap(({ path, code }) =>
          lostErrors(code).map((lost) => `${path}: "${lost}": say what is done about the error`),
        ),
    )
  })

  for (const [how, text] of WAYS_TO_LOSE_AN_ERROR) {
    test(`an error is seen to be lost ${how}`, () => assert.equal(lostErrors(text).length, 1, text))
  }

  test('silences no compiler and leaves nothing to be done', () => {
    const marks = new RegExp(['@ts-', '(ignore|nocheck)|\\b(TO', 'DO|FIX', 'ME|XX', 'X)\\b'].join(''))
    check(
      files
        .filter(({ text }) => marks.test(text))
        .map(({ path, text }) => `${path}: "${marks.exec(text)?.[0]}": do it now, or write an issue`),
    )
  })

  test('names things by what they are', () => {
    const empty = new Set(['manager', 'handler', 'info', 'util', 'utils', 'helper', 'helpers', 'common'])
    const isEmpty = (name: string): boolean => {
      const words = name.split(/[-_.]|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase())
      return words.some((word, at) => {
        const next = words[at + 1] ?? ''
        return empty.has(word) || (word === 'service' && !/^(center|provider)s?$/.test(next))
      })
    }
    const declared = /^(?:export )?(?:default )?(?:async )?(?:function\*?|class|const|let|type|interface|enum) (\w+)/gm
    check(
      files.flatMap(({ path, code }) => {
        const names = [...code.matchAll(declared)].map(([, name]) => name ?? '')
        return [...path.split('/'), ...names]
          .filter(isEmpty)
          .map((name) => `${path}: "${name}" says nothing of what it is; take the word of the domain`)
      }),
    )
  })
})

describe('the states that scripts rely on are those of the code', () => {
  test('of a copy', () => {
    assert.deepEqual(CopyState.options, ['waiting', 'transferring', 'verifying', 'replicated'])
  })

  test('of an install', () => {
    assert.deepEqual([...INSTALL_STATES], ['planned', 'running', 'paused', 'halted', 'done', 'cancelled'])
  })

  test('of a target', () => {
    const expected =
      'queued staging preflight installing verifying installed failed reverted refused cancelled unknown'.split(' ')
    assert.deepEqual([...TARGET_STATES], expected)
  })
})

describe('tests', () => {
  const tests = files.filter(({ path }) => path.endsWith('.test.ts'))

  test('are never left out, and never run alone', () => {
    check(
      tests
        .filter(({ code }) => /\b(test|describe|it|suite)\.(skip|only|todo)\b|\b(skip|only|todo): true/.test(code))
        .map(({ path }) => `${path}: make the test hold, or remove it`),
    )
  })

  test('never sleep', () => {
    check(
      tests
        .filter(({ code }) => /\bsetTimeout\(|node:timers\/promises/.test(code))
        .map(({ path }) => `${path}: wait for what must happen, with a deadline (test/support/eventually.ts)`),
    )
  })
})

describe('the pages are true', () => {
  for (const page of ['README.md', 'ARCHITECTURE.md', 'protocol/README.md', 'docs/operators-guide.md']) {
    test(`every file that ${page} names is there`, () => {
      const text = readFileSync(join(ROOT, page), 'utf8')
      const named = [...text.matchAll(/`((?:protocol|agent|controller|simulator|test|docs)\/[\w./-]*)`/g)]
      check(named.flatMap(([, path = '']) => (existsSync(join(ROOT, path)) ? [] : [`${page} names ${path}`])))
    })
  }
})
