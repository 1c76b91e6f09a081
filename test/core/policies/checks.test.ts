/**
 * What the checks of an operator mean, as tables: before an install, and by their difference after it.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CheckResult } from '../../../agent/core/events.ts'
import {
  CheckName,
  checkLines,
  differenceWords,
  whyNotBegin,
  whyWorse,
} from '../../../agent/core/install/policies/checks.ts'

const good = (name: string): CheckResult => ({
  name: CheckName.parse(name),
  ok: true,
  reason: 'it answers',
  output: '',
})
const bad = (name: string, output = ''): CheckResult => ({ ...good(name), ok: false, reason: 'it is down', output })
const required = (name: string, mustPassBefore = true) => ({
  ...{ name: CheckName.parse(name), mustPassBefore, timeoutSeconds: 30, goodWithinSeconds: 60 },
})

describe('before an install', () => {
  const checks = [required('vpn'), required('portal'), required('sessions', false)]
  for (const { title, before, says } of [
    { title: 'all good lets it begin', before: [good('vpn'), good('portal'), good('sessions')], says: null },
    {
      title: 'a bad one that must pass lets nothing begin, and is named with its reason',
      before: [bad('vpn'), good('portal'), good('sessions')],
      says: 'the check vpn is bad: it is down',
    },
    {
      title: 'each of several is named',
      before: [bad('vpn'), bad('portal')],
      says: 'the check vpn is bad: it is down; the check portal is bad: it is down',
    },
    { title: 'a bad one that need not pass is only noted', before: [good('vpn'), bad('sessions')], says: null },
    { title: 'one that is not named any more stands in the way of nobody', before: [bad('gone')], says: null },
    { title: 'no answers at all name nothing', before: null, says: null },
  ])
    test(title, () => assert.equal(whyNotBegin(checks, before), says))
})

describe('the difference after an install', () => {
  for (const { title, before, after, worse, words } of [
    {
      title: 'good before and good after is fine',
      before: [good('vpn')],
      after: [good('vpn')],
      worse: null,
      words: '1 of 1 checks are good',
    },
    {
      title: 'good before and bad after is a failure of the install',
      before: [good('vpn'), good('portal')],
      after: [bad('vpn'), good('portal')],
      worse: 'the check vpn was good before and is bad after: it is down',
      words: '1 of 2 checks are good; the check vpn was bad before and is bad after: it is down',
    },
    {
      title: 'bad before and bad after blames nobody, and is told',
      before: [bad('vpn')],
      after: [bad('vpn')],
      worse: null,
      words: '0 of 1 checks are good; the check vpn was bad before and is bad after: it is down',
    },
    {
      title: 'bad before and good after is fine',
      before: [bad('vpn')],
      after: [good('vpn')],
      worse: null,
      words: '1 of 1 checks are good',
    },
    {
      title: 'bad after and not asked before blames nobody, and is told',
      before: [good('portal')],
      after: [bad('vpn')],
      worse: null,
      words: '0 of 1 checks are good; the check vpn was not asked before and is bad after: it is down',
    },
    { title: 'not asked after is no difference', before: [good('vpn')], after: null, worse: null, words: '' },
    { title: 'no checks are no words', before: [], after: [], worse: null, words: '' },
  ]) {
    test(title, () => {
      assert.equal(whyWorse(before, after), worse)
      if (worse === null) assert.equal(differenceWords(before, after), words)
    })
  }
})

test('each check is a line with what it said before and after, and its output below it', () => {
  assert.equal(
    checkLines([good('vpn'), bad('portal', 'one\ntwo\n')], [bad('vpn', 'no route'), bad('portal', 'three')]),
    [
      'check vpn: before good; after bad (it is down)',
      '  no route',
      'check portal: before bad (it is down); after bad (it is down)',
      '  three',
    ].join('\n'),
  )
  assert.equal(
    checkLines([bad('vpn', 'no route')], null),
    'check vpn: before bad (it is down); after not asked\n  no route',
  )
  assert.equal(checkLines(null, null), '')
})
