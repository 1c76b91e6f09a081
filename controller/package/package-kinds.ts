/**
 * The two packages: what is in each beside the code, and what the other lacks.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { z } from 'zod'
import { HELP } from '../../agent/other-command.ts'
import { AgentConfig } from '../../agent/shell/config/agent-config.ts'
import { COMMANDS } from '../cli/commands.ts'
import { commandHelp, fullHelp } from '../cli/help.ts'
import { ControllerConfig } from '../controller-config.ts'
import { type Program, ROOT } from './bundle-sources.ts'
import { type Completed, optionsIn } from './completions.ts'
import { type Help, helpOf } from './manual-pages.ts'

export type Kind = {
  readonly daemon: 'agent' | 'controller'
  readonly name: string
  readonly programs: readonly Program[]
  /** Below the sources: units and the like. */
  readonly folder: string
  readonly schema: z.ZodObject
  /** What is set in the file that the package brings. */
  readonly given: Readonly<Record<string, unknown>>
  /** One line, and what follows it in the description of the package. */
  readonly summary: string
  readonly description: readonly string[]
  readonly depends: readonly string[]
  /** Of its `patchmesh` where both are installed: that of the controller has the commands of the other too. */
  readonly priority: number
  /** What a purge takes away beside the data. */
  readonly purged: string
  readonly hasUser: boolean
  commands(): Promise<{ overview: string; helps: Help[]; completed: Completed[] }>
}

/** What the Node inside needs. */
const NODE_NEEDS = ['libc6 (>= 2.28)', 'libatomic1', 'libgcc-s1', 'libstdc++6 (>= 5.2)']
const ON_APPLIANCE = ['agent', 'check', 'doctor', 'status', 'orders stop', 'import', 'config check']

export const KINDS: readonly Kind[] = [
  {
    daemon: 'agent',
    name: 'patchmesh-agent',
    programs: ['agent/main'],
    folder: path.join(ROOT, 'agent/package'),
    schema: AgentConfig,
    given: { data: '/var/lib/patchmesh-agent' },
    summary: 'replicates software patches to an appliance and installs them',
    description: [
      'The agent keeps a proven copy of each patch of its Service Center, hands',
      'pieces on to other appliances, and installs what it is ordered to, never on',
      'both members of a pair at once. It needs the token with which it enrolls,',
      'in /etc/patchmesh/agent.token.',
    ],
    depends: NODE_NEEDS,
    priority: 10,
    purged: '/etc/patchmesh/agent.token',
    hasUser: false,
    async commands() {
      const helps = await Promise.all(ON_APPLIANCE.map(helpOf))
      return { overview: HELP.trimEnd(), helps, completed: helps.map(completedOf) }
    },
  },
  {
    daemon: 'controller',
    name: 'patchmesh-controller',
    programs: ['agent/main', 'controller/main', 'controller/cli/main'],
    folder: path.join(ROOT, 'controller/package'),
    schema: ControllerConfig,
    given: { data: '/var/lib/patchmesh-controller', mesh: ['/ip4/0.0.0.0/tcp/4001'] },
    summary: 'Service Center of a fleet of appliances, for software patches',
    description: [
      'An admin uploads a patch here; it replicates to every appliance of every',
      'Data Center by itself, is counted where it is proven, and is installed pair',
      'by pair for the organizations that are chosen. Has the page, the API and all',
      'commands.',
    ],
    depends: [...NODE_NEEDS, 'systemd | systemd-standalone-sysusers | systemd-sysusers'],
    priority: 20,
    purged: '',
    hasUser: true,
    async commands() {
      const daemons = await Promise.all(['controller', 'agent', 'check', 'status', 'orders stop', 'import'].map(helpOf))
      const own = Object.values(COMMANDS)
        .flat()
        .map((command) => ({ command: command.name, text: commandHelp(command).join('\n') }))
      const helps = [...daemons, ...own]
      return { overview: fullHelp(COMMANDS).join('\n'), helps, completed: helps.map(completedOf) }
    },
  },
]

function completedOf({ command, text }: Help): Completed {
  const [, , what = ''] = text.split('\n')
  return { name: command, summary: what.replace(/[.:]$/, ''), options: optionsIn(text) }
}

/** One of the scripts that dpkg runs. */
export async function maintainerScript(kind: Kind, script: 'postinst' | 'prerm' | 'postrm'): Promise<string> {
  const text = await readFile(path.join(import.meta.dirname, 'debian', script), 'utf8')
  return text
    .replaceAll('@PACKAGE@', kind.name)
    .replaceAll('@PRIORITY@', String(kind.priority))
    .replaceAll(' @PURGED@', kind.purged === '' ? '' : ` ${kind.purged}`)
}
