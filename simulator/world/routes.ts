/**
 * Where hosts stand and what lies between two of them. A site has one WAN link, which all its hosts share, and a
 * switched LAN, on which each host has what it sends and what it receives to itself. A host without a site is next to
 * everybody, at fixed times: enough for a test that is not about bandwidth.
 */
import { frameBytesPerMs, type WanLimits } from '../../protocol/wan-limits.ts'
import { Link } from './flows.ts'

/** Between two hosts where no site says otherwise, one way. */
export const MESSAGE_MS = 5
/** Inside a site, one way: a switch or two. */
const LAN_MS = 0.2
/** TCP over Ethernet, and what a loss costs: Mathis and others, "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm" (1997). */
const SEGMENT_BYTES = 1448
const MATHIS = 1.22
/** A lost last segment waits for the retransmission timer (RFC 6298, but the 200 ms of Linux) and a round trip. */
const RETRANSMISSION_MS = 200

export type SiteOptions = {
  readonly downBitsPerSecond: number
  readonly upBitsPerSecond: number
  /** One way, for each crossing of the site's WAN link. */
  readonly latencyMs: number
  readonly lossRatio: number
  /** What one host sends or receives inside. */
  readonly lanBitsPerSecond: number
}

export type Site = { readonly name: string; readonly options: SiteOptions; readonly down: Link; readonly up: Link }

/** How something gets from one host to another. */
export type Route = {
  readonly links: readonly Link[]
  readonly latencyMs: number
  /** Of the packets. */
  readonly lossRatio: number
  /** What one stream can have of it alone. */
  readonly ceilingBytesPerMs: number
  /** Added to the latency of a message that is lost once. */
  readonly retransmissionMs: number
}

const NEXT_DOOR: Route = {
  links: [],
  latencyMs: MESSAGE_MS,
  lossRatio: 0,
  ceilingBytesPerMs: Number.POSITIVE_INFINITY,
  retransmissionMs: 0,
}

/** A host's place in a site. */
export type Place = { readonly site: Site; readonly out: Link; readonly in: Link }

export function newSite(name: string, options: SiteOptions): Site {
  return {
    name,
    options,
    down: new Link(`${name} down`, frameBytesPerMs(options.downBitsPerSecond)),
    up: new Link(`${name} up`, frameBytesPerMs(options.upBitsPerSecond)),
  }
}

/** Takes the place of an earlier limit. */
export function limitSite({ down, up, options }: Site, { downBitsPerSecond, upBitsPerSecond }: WanLimits): void {
  down.bytesPerMs = frameBytesPerMs(Math.min(options.downBitsPerSecond, downBitsPerSecond ?? Number.POSITIVE_INFINITY))
  up.bytesPerMs = frameBytesPerMs(Math.min(options.upBitsPerSecond, upBitsPerSecond ?? Number.POSITIVE_INFINITY))
}

export function placeIn(site: Site, host: string): Place {
  const rate = frameBytesPerMs(site.options.lanBitsPerSecond)
  return { site, out: new Link(`${host} out`, rate), in: new Link(`${host} in`, rate) }
}

export function routeBetween(from: Place | null, to: Place | null): Route {
  if (from === null || to === null) return NEXT_DOOR
  if (from.site === to.site) {
    return { ...NEXT_DOOR, links: [from.out, to.in], latencyMs: LAN_MS }
  }
  const [one, other] = [from.site.options, to.site.options]
  const latencyMs = LAN_MS + one.latencyMs + other.latencyMs
  const lossRatio = 1 - (1 - one.lossRatio) * (1 - other.lossRatio)
  const roundTripMs = 2 * latencyMs
  return {
    links: [from.site.up, to.site.down],
    latencyMs,
    lossRatio,
    ceilingBytesPerMs:
      lossRatio === 0 ? Number.POSITIVE_INFINITY : (MATHIS * SEGMENT_BYTES) / (roundTripMs * Math.sqrt(lossRatio)),
    retransmissionMs: RETRANSMISSION_MS + roundTripMs,
  }
}
