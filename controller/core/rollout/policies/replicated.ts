/**
 * An appliance begins when the copy that it will use is proven: its own, or that of a member of its depot.
 */
import type { Policy } from './policy.ts'

export const replicated: Policy = ({ fact }) => (fact.ready === true ? null : fact.ready)
