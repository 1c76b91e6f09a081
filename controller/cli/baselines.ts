/**
 * `patchmesh baselines list|set|remove`: which version of a patch the appliances of a place shall have, and who does not.
 */
import type { BaselineView } from '../core/baselines/baseline-views.ts'
import { NONE_FOUND, patchReference, sentence } from '../page/words.ts'
import { isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand, required, WATCH_OPTION } from './command.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

const PLACE = {
  organization: { type: 'string', value: 'NAME', about: 'of this organization' },
  'data-center': { type: 'string', value: 'NAME', about: 'in this Data Center' },
  kind: { type: 'string', value: 'KIND', about: 'appliances of this kind (default tenant)' },
} as const
const PLACE_USAGE = 'PATCH --organization NAME --data-center NAME [--kind KIND]'

export const listBaselines = defineCommand({
  name: 'baselines list',
  operations: ['listBaselines'],
  summary: 'Lists baselines, how many keep to each, and who does not',
  usage: '',
  options: { ...WATCH_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh baselines list',
  async run({ options, show }) {
    const baselines = await connect(options).baselines()
    return show(baselines, () => baselineLines(baselines))
  },
})

export const setBaseline = defineCommand({
  name: 'baselines set',
  operations: ['setBaseline'],
  summary: 'Says which version of a patch the appliances of a place shall have',
  operands: ['PATCH'],
  usage: PLACE_USAGE,
  options: { ...PLACE, ...SERVER_OPTIONS },
  remarks: [
    'Appliances that do not keep to it, newcomers and those that lost it, are listed, and brought up by installs that begin\n' +
      'by themselves inside the maintenance windows of the place. Where no window is set nothing begins without a person.',
  ],
  example: 'patchmesh baselines set hotfix@1.2.0 --organization Acme --data-center Paris',
  async run({ options, operands: [patch = ''], show }) {
    const baselines = await connect(options).setBaseline({ ...placeOf(options), patch })
    return show(baselines, () => baselineLines(baselines))
  },
})

export const removeBaseline = defineCommand({
  name: 'baselines remove',
  operations: ['removeBaseline'],
  summary: 'Removes a baseline; what is installed stays',
  operands: ['PATCH'],
  usage: `${PLACE_USAGE} [--yes]`,
  options: { ...PLACE, ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh baselines remove hotfix@1.2.0 --organization Acme --data-center Paris',
  async run({ options, operands: [patch = ''], terminal, show }) {
    const place = placeOf(options)
    const asking = { yes: options.yes, terminal, nothing: 'Nothing was removed' }
    const where = `${place.organization} in ${place.dataCenter}`
    if (!(await isAgreed(asking, `Remove the baseline ${patch} of ${where}? Nobody is brought up to it any more.`)))
      return 1
    const baselines = await connect(options).removeBaseline({ ...place, patch })
    const done = printable(`${patch} is no baseline of ${where} any more.`)
    return show(baselines, () => [done])
  },
})

type PlaceValues = { readonly [Name in keyof typeof PLACE]: string | undefined }

function placeOf(options: PlaceValues) {
  return {
    organization: required('organization', options.organization),
    dataCenter: required('data-center', options['data-center']),
    kind: options.kind ?? 'tenant',
  }
}

function baselineLines(baselines: readonly BaselineView[]): string[] {
  const summary = baselines.map(({ organization, dataCenter, kind, patch, keeping, behind, next }) => [
    ...[organization, dataCenter, kind, patchReference(patch), `${keeping}/${keeping + behind.length}`],
    next === '' ? '' : sentence(next),
  ])
  const behind = baselines.flatMap(({ patch, behind: all }) =>
    all.map(({ appliance, role, has, reason }) => [appliance, role, patchReference(patch), has ?? NONE_FOUND, reason]),
  )
  return [
    ...table(['ORGANIZATION', 'DATA CENTER', 'KIND', 'BASELINE', 'KEEP TO IT', ''], summary, 'No baseline is set.'),
    ...(behind.length === 0 ? [] : ['', ...table(['APPLIANCE', 'ROLE', 'SHALL HAVE', 'HAS', ''], behind, '')]),
  ]
}
