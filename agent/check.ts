/**
 * `patchmesh check`: what stands between this appliance and its work: whom it must reach and which port is closed, its
 * clock against that of whoever its agent is connected to, its disk. `patchmesh doctor` looks at more.
 */
import { outputOptions } from './shell/command-line/output.ts'
import { AGENT } from './shell/config/agent-config.ts'
import { dataFolder } from './shell/config/places.ts'
import { printResult, readFormat, readOptions } from './shell/daemon-command.ts'
import { clockFinding, enrolledFinding, enrollmentIn, notCompared } from './shell/doctor/appliance.ts'
import type { Finding } from './shell/doctor/finding.ts'
import { diskFinding, nodeFinding } from './shell/doctor/machine.ts'
import { reachFindings } from './shell/doctor/reaching.ts'
import { notedClock } from './shell/noted-clock.ts'

const HELP = `Usage: patchmesh check [--data DIR] [-o FORMAT]

Says what the appliance can reach, and how its clock and its disk are. Exit status 1
when something needs attention. DIR is the data folder of the agent (default: that of
/etc/patchmesh/agent.yaml). FORMAT is json, which is --json too, yaml or table. patchmesh
doctor looks at more, and says how each thing is mended.
`

/** The exit status. */
export async function check(args: string[]): Promise<number> {
  const values = readOptions('check', args, {
    ...{ data: { type: 'string' }, help: { type: 'boolean' } },
    ...outputOptions(),
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const format = readFormat(values)
  const folder = await dataFolder(values.data, AGENT)
  const found = [nodeFinding(), ...(folder === undefined ? [] : await checkFolder(folder))]
  const findings = found.map(({ what, level, detail, mend }) => ({
    ...{ what, ok: level === 'right', detail: mend === '' ? detail : `${detail}; ${mend}` },
  }))
  await printResult(format, findings, () =>
    findings.map(({ ok, what, detail }) => `${ok ? 'ok     ' : 'PROBLEM'}  ${what.padEnd(22)}  ${detail}`),
  )
  return findings.every(({ ok }) => ok) ? 0 : 1
}

async function checkFolder(folder: string): Promise<Finding[]> {
  const disk = await diskFinding(folder)
  if (disk.what === 'data folder') return [disk]
  const enrollment = await enrollmentIn(folder)
  if ('level' in enrollment) return [disk, enrollment, notCompared()]
  const clock = clockFinding(enrollment, await notedClock(folder))
  return [disk, enrolledFinding(enrollment), clock, ...(await reachFindings(enrollment))]
}
