/**
 * The report of a virtual run: one page with everything in it, which any browser shows without a network and without a
 * script. Pictures first; the numbers behind them are in a table that opens.
 */
import { writeFile } from 'node:fs/promises'
import { faultsText, reasonLines } from '../run-summary.ts'
import type { VirtualRun } from '../virtual-run.ts'
import { installChart } from './install-chart.ts'
import { bytesText, durationText, threeDigits } from './quantities.ts'
import { replicationChart } from './replication-chart.ts'
import { STYLE } from './style.ts'
import { escape } from './svg.ts'
import { unprotectedChart } from './unprotected-chart.ts'
import { wanChart } from './wan-chart.ts'

/** `title` names the topology, where it is known. */
export async function writeReport(run: VirtualRun, file: string, title?: string): Promise<void> {
  await writeFile(file, reportPage(run, title))
}

export function reportPage(run: VirtualRun, title = 'Simulated fleet'): string {
  const { installs } = run
  const sections = [
    section(
      'Replication over time',
      'Share of the bytes of its Service Provider appliances that each Data Center has stored. Copies count when their signed receipt has come; the fluid bound is what no way of distributing could beat, latency and loss left aside.',
      replicationChart(run),
    ),
    section(
      'WAN bytes by link',
      'With all headers. Each piece should enter a Data Center once; from there it is handed on inside.',
      wanChart(run),
    ),
    ...(installs === null || installs.runs.length === 0
      ? []
      : [
          section(
            'Install waves',
            'From the start of an installer to the end of its verification. Within an organization one Data Center at a time, and never two members of a pair.',
            installChart(installs),
            notInstalled(installs),
          ),
          section(
            'Unprotected minutes of pairs',
            'How long a pair had only one member to rely on, because the other was being patched.',
            unprotectedChart(installs),
          ),
        ]),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} · patchmesh</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>${escape(title)}</h1><p>${escape(subtitle(run))}</p></header>
<div class="tiles">${tiles(run).join('')}</div>
${sections.join('\n')}
${numbers(run)}
${faultTable(run)}
<footer>Simulated in virtual time by patchmesh, with the code that runs in production. The same topology and seed give the same page.</footer>
</main>
</body>
</html>
`
}

function subtitle({ patchBytes, perDataCenter, replications, seed, faults, faultList }: VirtualRun): string {
  return [
    `${bytesText(patchBytes)} patch`,
    `${perDataCenter.length} Data Center${perDataCenter.length === 1 ? '' : 's'}`,
    `${replications.total} Service Provider appliance${replications.total === 1 ? '' : 's'}`,
    faults === 'none' ? 'no faults' : `${faults} faults (${faultList.length})`,
    `seed ${seed}`,
  ].join(' · ')
}

function tiles({ replications, makespanMs, boundMs, ratio, wanFactor, installs }: VirtualRun): string[] {
  const { complete, total } = replications
  const all = [
    tile(`${complete}/${total}`, 'replications', complete === total ? 'good' : 'bad'),
    tile(makespanMs === null ? 'never' : durationText(makespanMs), 'makespan', makespanMs === null ? 'bad' : ''),
    tile(durationText(boundMs), 'fluid bound'),
    tile(ratio === null ? '–' : `${threeDigits(ratio)}×`, 'makespan to bound'),
    tile(`${wanFactor.mean.toFixed(3)}×`, `WAN copies, at most ${wanFactor.max.toFixed(3)}`),
  ]
  if (installs !== null) {
    const { installed, total: targets, bothDisrupted, tookMs } = installs
    all.push(
      tile(
        `${installed}/${targets}`,
        `installed${tookMs === null ? '' : ` in ${durationText(tookMs)}`}`,
        installed === targets ? 'good' : 'bad',
      ),
      tile(String(bothDisrupted), 'times both members down', bothDisrupted === 0 ? 'good' : 'bad'),
    )
  }
  return all
}

function tile(value: string, words: string, kind = ''): string {
  return `<div class="tile ${kind}"><b>${escape(value)}</b><span>${escape(words)}</span></div>`
}

function section(title: string, words: string, picture: string, after = ''): string {
  return `<section><h2>${escape(title)}</h2><p>${escape(words)}</p><div class="picture">${picture}</div>${after}</section>`
}

/** Why some did not install it, by reason. */
function notInstalled({ others }: NonNullable<VirtualRun['installs']>): string {
  const lines = reasonLines(others).map((line) => `<li>${escape(line)}</li>`)
  return lines.length === 0 ? '' : `<h3>Not installed</h3><ul>${lines.join('')}</ul>`
}

function numbers({ perDataCenter }: VirtualRun): string {
  const rows = perDataCenter.map(({ name, completeMs, boundMs, wanFactor }) => [
    name,
    completeMs === null ? 'never' : durationText(completeMs),
    durationText(boundMs),
    wanFactor.toFixed(4),
  ])
  return table('The numbers by Data Center', ['Data Center', 'complete', 'bound, if alone', 'WAN copies'], rows)
}

const MOST_FAULTS = 500

function faultTable({ faults, faultList, faultsHappened }: VirtualRun): string {
  if (faults === 'none') return ''
  const rows = faultList
    .slice(0, MOST_FAULTS)
    .map(({ atMs, kind, who, forMs }) => [who, kind, durationText(atMs), durationText(forMs)])
  const title = `The faults: ${faultsText(faultsHappened)}`
  return table(title, ['Whose', 'fault', 'after the upload', 'for'], rows)
}

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], kind: 'td' | 'th'): string =>
    `<tr>${cells.map((cell) => `<${kind}>${escape(cell)}</${kind}>`).join('')}</tr>`
  const body = rows.map((cells) => row(cells, 'td')).join('')
  return `<section><details><summary>${escape(title)}</summary><div class="scrolls"><table><thead>${row(heads, 'th')}</thead><tbody>${body}</tbody></table></div></details></section>`
}
