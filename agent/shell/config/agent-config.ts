/**
 * The agent's YAML file: the one definition of its settings, and what they come to where they are left out.
 */
import { z } from 'zod'
import { ListenAddress, Sha256 } from '../../../protocol/identifiers.ts'
import { MAX_LANES, MAX_POLICY_OWNERS, MAX_PUBLISHERS } from '../../../protocol/limits.ts'
import { Publisher } from '../../../protocol/trust/publishers.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../core/state.ts'
import { Checks } from '../checks/check-config.ts'
import { Switchover } from '../switchover-hooks.ts'
import { DEFAULT_SILENCE_SECONDS, LogLevel, ProvingConfig, provingSettings, SilenceSeconds } from './daemon-settings.ts'
import type { Daemon } from './places.ts'
import { setting } from './setting.ts'

export const AgentConfig = z.strictObject({
  data: setting(z.string().min(1), {
    about: 'the folder in which the agent keeps its key, its ledger and its patches',
    byDefault: 'none: --data or this has to be given',
    example: '/var/lib/patchmesh-agent',
    isReloaded: false,
  }),
  listen: setting(z.array(ListenAddress), {
    about: 'where a Service Provider appliance accepts members; tenant appliances only dial',
    byDefault: '/ip4/0.0.0.0/tcp/0, and the port of the last time',
    example: ['/ip4/0.0.0.0/tcp/4002'],
    isReloaded: false,
  }),
  announce: setting(z.array(ListenAddress), {
    about: 'where members shall dial it, if that is another address',
    byDefault: 'where it listens',
    example: ['/ip4/198.51.100.7/tcp/4002'],
    isReloaded: false,
  }),
  installRoot: setting(z.string().min(1), {
    about: 'the folder that installers treat as /',
    byDefault: '/',
    example: '/srv/appliance',
    isReloaded: false,
  }),
  logLevel: LogLevel,
  connectionsAtMost: setting(z.int().min(1).max(MAX_LANES), {
    about: 'connections to one source over the WAN',
    byDefault: String(DEFAULT_SETTINGS.connectionsAtMost),
    example: 4,
    isReloaded: true,
  }),
  primaryPatienceSeconds: setting(z.number().min(1).max(3600), {
    about: 'how long a secondary waits for its primary before it pulls over the WAN itself',
    byDefault: String(DEFAULT_SETTINGS.primaryPatienceMs / 1000),
    example: 20,
    isReloaded: true,
  }),
  silenceSeconds: setting(SilenceSeconds, {
    about: 'after so much silence a connection is dead',
    byDefault: String(DEFAULT_SILENCE_SECONDS),
    example: 60,
    isReloaded: true,
  }),
  ...ProvingConfig,
  seenWithinSeconds: setting(z.number().min(10).max(3600), {
    about: 'in which time its peer and the Service Center must have seen a new release of this agent, or it goes back',
    byDefault: String(DEFAULT_SETTINGS.seenWithinMs / 1000),
    example: 600,
    isReloaded: true,
  }),
  publishers: setting(z.array(Publisher).max(MAX_PUBLISHERS), {
    about: 'whose signatures a patch must carry to be installed here',
    byDefault: 'none: what the Service Center publishes',
    example: [
      {
        name: 'acme',
        keys: [
          {
            keyid: '66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925',
            publicKey: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
          },
        ],
        threshold: 1,
        patches: ['acme-*'],
        expiresAt: '2030-12-31T00:00:00Z',
      },
    ],
    isReloaded: true,
  }),
  policyOwners: setting(z.array(Sha256).max(MAX_POLICY_OWNERS), {
    about:
      'ids of the keys of those whose policy is taken here, whatever is held; nothing is installed before one of theirs came',
    byDefault: 'the policy that comes first, and then its owners',
    example: ['66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925'],
    isReloaded: true,
  }),
  checks: setting(Checks, {
    about: 'programs and addresses that are asked before and after an install',
    byDefault: 'none',
    example: [
      { name: 'vpn', program: '/usr/local/bin/vpn-is-up', timeoutSeconds: 20 },
      { name: 'page', http: 'http://127.0.0.1/health' },
    ],
    isReloaded: false,
  }),
  switchover: setting(Switchover, {
    about: 'programs that give service to the peer before an install, and take it back',
    byDefault: 'none',
    example: { release: { program: '/usr/local/bin/give-up' }, takeBack: { program: '/usr/local/bin/take-back' } },
    isReloaded: false,
  }),
})
export type AgentConfig = z.output<typeof AgentConfig>

/** What the core goes by and SIGHUP may change. */
export type ChangeableSettings = Omit<Settings, 'tickMs' | 'judgesSignatures' | 'checks' | 'hookSeconds'>

export function changeableSettings(config: AgentConfig): ChangeableSettings {
  const {
    primaryPatienceSeconds,
    connectionsAtMost,
    silenceSeconds = DEFAULT_SILENCE_SECONDS,
    seenWithinSeconds,
  } = config
  return {
    primaryPatienceMs:
      primaryPatienceSeconds === undefined ? DEFAULT_SETTINGS.primaryPatienceMs : primaryPatienceSeconds * 1000,
    connectionsAtMost: connectionsAtMost ?? DEFAULT_SETTINGS.connectionsAtMost,
    silenceMs: silenceSeconds * 1000,
    seenWithinMs: seenWithinSeconds === undefined ? DEFAULT_SETTINGS.seenWithinMs : seenWithinSeconds * 1000,
    policyOwners: config.policyOwners ?? [],
    ...provingSettings(config),
  }
}

export const AGENT: Daemon = { name: 'agent', schema: AgentConfig }
