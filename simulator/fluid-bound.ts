/**
 * How fast a patch could reach every Data Center at best, if bytes were a fluid: the bound that a run is measured
 * against. Each Data Center counts once, over its WAN link; what happens on its LAN is not in it, and neither are
 * latency, loss, headers and windows of unavailability.
 *
 * R. Kumar and K. W. Ross, "Peer-Assisted File Distribution: The Minimum Distribution Time" (IEEE HOTWEB 2006), theorem
 * 1; J. Mundinger, R. Weber and G. Weiss, "Optimal Scheduling of Peer-to-Peer File Dissemination" (Journal of Scheduling
 * 11, 2008), section 2. With S bits, the Service Center's upload rate u_sc, and download and upload rates d_i and u_i of
 * D Data Centers:
 *
 *     max(S / u_sc,  S / min d_i,  D S / (u_sc + sum u_i))
 */
import type { Topology, TopologyDataCenter } from './topology.ts'

/** When the last Data Center has the whole patch, at the earliest. */
export function fluidBoundMs({ serviceCenter, dataCenters }: Topology, patchBytes: number): number {
  const bits = patchBytes * 8
  const sending = serviceCenter.upBitsPerSecond
  let slowest = Number.POSITIVE_INFINITY
  let sendingTogether = sending
  for (const { wan } of dataCenters) {
    slowest = Math.min(slowest, wan.downBitsPerSecond)
    sendingTogether += wan.upBitsPerSecond
  }
  return 1000 * Math.max(bits / sending, bits / slowest, (dataCenters.length * bits) / sendingTogether)
}

/** When this Data Center has the whole patch, at the earliest, if all else stood back for it. */
export function dataCenterBoundMs(
  { serviceCenter }: Topology,
  { wan }: TopologyDataCenter,
  patchBytes: number,
): number {
  return (1000 * patchBytes * 8) / Math.min(serviceCenter.upBitsPerSecond, wan.downBitsPerSecond)
}
