/**
 * The controller's YAML file: the one definition of its settings.
 */
import { z } from 'zod'
import {
  DEFAULT_SILENCE_SECONDS,
  LogLevel,
  ProvingConfig,
  SilenceSeconds,
} from '../agent/shell/config/daemon-settings.ts'
import type { Daemon } from '../agent/shell/config/places.ts'
import { setting } from '../agent/shell/config/setting.ts'
import { ListenAddress } from '../protocol/identifiers.ts'
import { DatabaseUrl } from './shell/database/noted-database.ts'

export const DEFAULT_HTTP = '127.0.0.1:8080'
export const DEFAULT_MESH = '/ip4/127.0.0.1/tcp/4001'

export const ControllerConfig = z.strictObject({
  data: setting(z.string().min(1), {
    about: 'the folder in which keys, database and patches are kept',
    byDefault: 'none: --data or this has to be given',
    example: '/var/lib/patchmesh-controller',
    isReloaded: false,
  }),
  database: setting(DatabaseUrl, {
    about: 'the PostgreSQL that several nodes share; the password is in PGPASSWORD or PGPASSFILE',
    byDefault: 'SQLite in the data folder',
    example: 'postgresql://patchmesh@db.example.com:5432/patchmesh',
    isReloaded: false,
  }),
  http: setting(z.string(), {
    about: 'where the page and the API are',
    byDefault: DEFAULT_HTTP,
    example: '0.0.0.0:8443',
    isReloaded: false,
  }),
  tlsCert: setting(z.string().min(1), {
    about: 'the file with the certificate for HTTPS, and those between it and its root',
    byDefault: 'none; of systemd the credential tls-cert',
    example: '/etc/patchmesh/tls/certificate.pem',
    isReloaded: true,
  }),
  tlsKey: setting(z.string().min(1), {
    about: 'the file with its key',
    byDefault: 'none; of systemd the credential tls-key',
    example: '/etc/patchmesh/tls/key.pem',
    isReloaded: true,
  }),
  behindTlsProxy: setting(z.boolean(), {
    about: 'whether a proxy in front does the HTTPS',
    byDefault: 'false',
    example: true,
    isReloaded: false,
  }),
  origins: setting(z.array(z.url()), {
    about: 'other addresses that people reach the page by',
    byDefault: 'the address of http',
    example: ['https://patches.example.com'],
    isReloaded: false,
  }),
  mesh: setting(z.array(ListenAddress), {
    about: 'where appliances connect',
    byDefault: DEFAULT_MESH,
    example: ['/ip4/0.0.0.0/tcp/4001'],
    isReloaded: false,
  }),
  announce: setting(z.array(ListenAddress), {
    about: 'where appliances shall dial it, if that is another address',
    byDefault: 'where it listens',
    example: ['/ip4/198.51.100.7/tcp/4001'],
    isReloaded: false,
  }),
  logLevel: LogLevel,
  silenceSeconds: setting(SilenceSeconds, {
    about: 'after so much silence an appliance is not reachable any more',
    byDefault: String(DEFAULT_SILENCE_SECONDS),
    example: 60,
    isReloaded: false,
  }),
  ...ProvingConfig,
})
export type ControllerConfig = z.output<typeof ControllerConfig>

export const CONTROLLER: Daemon = { name: 'controller', schema: ControllerConfig }
