/**
 * `patchmesh data-centers list|flows`: the Data Centers with their depots, and who sends pieces to whom now.
 */
import { inWords } from '../page/mesh-words.ts'
import { defineCommand, WATCH_OPTION } from './command.ts'
import { readableBytes } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { table } from './terminal.ts'

export const listDataCenters = defineCommand({
  name: 'data-centers list',
  operations: ['listDataCenters'],
  summary: 'Lists the Data Centers: who can be reached, what is left to replicate, what arrives',
  usage: '',
  options: { ...WATCH_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh data-centers list',
  async run({ options, show }) {
    const dataCenters = await connect(options).dataCenters()
    const rows = dataCenters.map(({ name, appliances, reachable, bytesLeft, wanBytesPerSecond, wanBytes }) => [
      name,
      `${reachable}/${appliances}`,
      readableBytes(bytesLeft),
      `${readableBytes(wanBytesPerSecond)}/s`,
      readableBytes(wanBytes),
    ])
    const headings = ['DATA CENTER', 'REACHABLE', 'LEFT', 'ARRIVES', 'CAME IN']
    return show(dataCenters, () => table(headings, rows, 'There are no Data Centers yet.'))
  },
})

export const listFlows = defineCommand({
  name: 'data-centers flows',
  operations: ['showMesh'],
  summary: 'Lists who sends pieces of patches to whom now, and how fast',
  usage: '[--patch PATCH]',
  options: {
    patch: { type: 'string', value: 'PATCH', about: 'only pieces of this one: an id or NAME@VERSION' },
    ...WATCH_OPTION,
    ...SERVER_OPTIONS,
  },
  example: 'patchmesh data-centers flows --patch example@1.0.0',
  async run({ options, show }) {
    const mesh = await connect(options).mesh(options.patch)
    const rows = mesh.flows.map(({ from, to, bytesPerSecond }) => [
      from.name,
      to.name,
      to.dataCenter ?? '',
      `${readableBytes(bytesPerSecond)}/s`,
    ])
    const flows = table(['FROM', 'TO', 'DATA CENTER', 'RATE'], rows, '').filter((line) => line !== '')
    return show(mesh, () => [inWords(mesh), ...flows])
  },
})
