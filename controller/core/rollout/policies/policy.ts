/**
 * What a policy of the rollout is: a function from what is known of one target, and of what goes on around it, to null or
 * the sentence that says why it does not begin now. It looks at nothing else, remembers nothing and does nothing.
 */
import type { Manifest } from '../../../../protocol/bundle/manifest.ts'
import type { Clock } from '../../../../protocol/clock.ts'
import type { InstallRecord } from '../../records.ts'
import type { Ongoing } from '../ongoing.ts'
import type { TargetFacts } from '../target-facts.ts'
import type { Waves } from '../waves.ts'

export type PolicyFacts = {
  readonly fact: TargetFacts
  readonly install: InstallRecord
  readonly manifest: Manifest
  readonly ongoing: Ongoing
  readonly waves: Waves
}

export type Policy = (facts: PolicyFacts, clock: Clock) => string | null
