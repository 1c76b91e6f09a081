/** Where an install goes on from another one, an appliance begins when its pair has ended with that one. */
import type { Policy } from './policy.ts'

export const continuing: Policy = ({ fact }) => fact.goesOnFrom
