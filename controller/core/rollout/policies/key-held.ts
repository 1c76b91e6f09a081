/**
 * Nothing is ordered of an appliance whose key two machines use, until a person has said which of them is left.
 */
import { whyKeyIsHeld } from '../../held-keys.ts'
import type { Policy } from './policy.ts'

export const keyHeld: Policy = ({ fact }) => whyKeyIsHeld(fact.appliance)
