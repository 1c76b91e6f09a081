/**
 * Serves what the pages are made of, to everyone: it tells nothing about the fleet. Only addresses that were made at the
 * start are answered; no path ever reaches the disk.
 */
import { findAsset } from '../page/assets.ts'
import { acceptedEncoding } from './compression.ts'
import type { App } from './context.ts'

export function addAssetRoutes(app: App): void {
  app.get('/assets/:file', (c, next) => {
    const asset = findAsset(c.req.path)
    if (asset === undefined) return next()
    c.header('Content-Type', asset.type)
    c.header('Cache-Control', 'public, max-age=31536000, immutable')
    c.header('Vary', 'Accept-Encoding')
    const encoding = acceptedEncoding(c.req.header('accept-encoding'))
    if (encoding === null) return c.body(new Uint8Array(asset.plain))
    return c.body(new Uint8Array(asset.encoded(encoding)), 200, { 'Content-Encoding': encoding })
  })
}
