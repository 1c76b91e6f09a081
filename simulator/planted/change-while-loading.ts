/**
 * Loaded before everything else in a process that shall run changed sources: gives Node the changed text of the one file
 * that its environment names. Types are stripped by Node itself, since other loaders do not ask for the text.
 */
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CHANGE, changedText, SOURCES, type TextChange } from './text-change.ts'

const change: TextChange = JSON.parse(process.env[CHANGE] ?? '')
const changedUrl = pathToFileURL(join(SOURCES, change.file)).href

registerHooks({
  load: (url, context, nextLoad) =>
    url === changedUrl
      ? { format: 'module-typescript', source: changedText(change), shortCircuit: true }
      : nextLoad(url, context),
})
