/**
 * Whether the process lives and whether it is ready, for whoever starts and stops it: open to all, and they tell
 * nothing else.
 */
import type { ServiceCenter } from '../shell/ports.ts'
import type { App } from './context.ts'

export function addHealthRoutes(app: App, serviceCenter: Pick<ServiceCenter, 'notReady'>): void {
  app.get('/livez', (c) => c.json({ live: true }))
  app.get('/readyz', (c) => {
    const reason = serviceCenter.notReady()
    return reason === null ? c.json({ ready: true }) : c.json({ ready: false, reason }, 503)
  })
}
