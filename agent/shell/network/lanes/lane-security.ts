/**
 * What protects the bytes of a lane: TLS 1.3 of Node's own OpenSSL, keyed by a secret that both ends agreed on over their
 * Noise stream, so that a lane belongs to the peers which that stream has proven. The key exchange is ephemeral (psk_dhe_ke
 * of RFC 8446), so that a secret which is learned later opens nothing. One cipher and one group, so nothing is negotiated.
 */
import { createSecureContext, type SecureContextOptions } from 'node:tls'

export const LANE_SECURITY = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519',
} as const satisfies SecureContextOptions

/** Has no certificate: whoever does not know a secret gets nowhere. */
export const laneContext = createSecureContext(LANE_SECURITY)

/** Of a record in which a handshake begins (RFC 8446, section 5.1); the greeting of multistream-select begins with another one. */
export const TLS_FIRST_BYTE = 0x16

/** A lane is there after it, or does not come to be. */
export const LANE_HANDSHAKE_MS = 3_000
