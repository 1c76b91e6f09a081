/**
 * Nothing begins outside of the maintenance windows of its place, or within a blackout, unless whoever started the install
 * has said that it may. What is already copied or under way is no concern of windows.
 */
import { whyOutside } from '../../windows/waiting.ts'
import type { Policy } from './policy.ts'

export const maintenanceWindow: Policy = ({ fact, install, manifest }, { wallMs }) =>
  install.outsideWindows ? null : whyOutside(fact.windows, { manifest, left: fact.membersLeft }, wallMs)
