/**
 * Publishers with keys that are the same in every run, and bundles that they have signed.
 */

import { createPublicKey, type KeyObject } from 'node:crypto'
import type { BundleSignature } from '../../protocol/bundle/bundle-manifest.ts'
import { sha256 } from '../../protocol/hashing.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { keyIdOf, PublicKey, Publisher, signManifest } from '../../protocol/trust/publishers.ts'
import { type BundleFixture, bundleFixture } from './bundle-fixtures.ts'

export type FixtureKey = { publicKey: PublicKey; privateKey: KeyObject }

/** The key that one seed stands for. */
export function publisherKey(seed: string): FixtureKey {
  const { privateKey } = signingKeyFromSeed(sha256(Buffer.from(seed)))
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return { privateKey, publicKey: PublicKey.parse(spki.subarray(-32).toString('base64')) }
}

export function listedKey({ publicKey }: FixtureKey, revoked = false): Publisher['keys'][number] {
  return { keyid: keyIdOf(publicKey), publicKey, revoked }
}

/** A publisher of two keys, one of which suffices, for every patch; with what a test wants otherwise. */
export function publisherFixture(name: string, wanted: Partial<Record<keyof Publisher, unknown>> = {}) {
  const keys = [publisherKey(`${name} 1`), publisherKey(`${name} 2`)] as const
  const publisher = Publisher.parse({
    ...{ name, keys: keys.map((key) => listedKey(key)), threshold: 1, patches: ['*'] },
    expiresAt: '2100-01-01T00:00:00Z',
    ...wanted,
  })
  return { publisher, keys }
}

/** A bundle that these keys have signed; `mend` may change the signatures afterwards. */
export function signedBundle(
  keys: readonly FixtureKey[],
  fixture: BundleFixture = {},
  mend: (signatures: BundleSignature[]) => BundleSignature[] = (signatures) => signatures,
): Buffer {
  let manifest = ''
  bundleFixture({
    ...fixture,
    manifestText: (text) => {
      manifest = fixture.manifestText?.(text) ?? text
      return manifest
    },
  })
  const signatures = keys.map((key) => signManifest(Buffer.from(manifest), key))
  return bundleFixture({ ...fixture, signatures: JSON.stringify(mend(signatures)) })
}
