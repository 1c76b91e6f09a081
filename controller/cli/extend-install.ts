/**
 * `patchmesh installs extend`: takes in who joined the fleet after an install had begun.
 */
import { listed, patchReference } from '../page/words.ts'
import { isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { endingOf } from './install-ends.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { WAIT_USAGE, waitOptions } from './waiting.ts'

export const extendInstall = defineCommand({
  name: 'installs extend',
  operations: ['showInstall', 'extendInstall'],
  summary: 'Adds appliances to an install that joined after it had begun',
  operands: ['ID'],
  usage: 'ID [--appliance NAME...] [--yes] ' + WAIT_USAGE,
  options: {
    appliance: { type: 'string', multiple: true, value: 'NAME', about: 'only this one; may be repeated' },
    ...YES_OPTION,
    ...waitOptions('it has ended'),
    ...SERVER_OPTIONS,
  },
  remarks: ['They wait their turn in it as all others do. installs show names those that have joined.'],
  example: 'patchmesh installs extend 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const end = endingOf(options, { client, terminal, show, wanted: 'done' })
    let appliances = options.appliance
    if (options.yes !== true) {
      const found = await client.install(id)
      appliances ??= found.joinedLater.map(({ appliance }) => appliance)
      // There is nothing to agree to; the refusal says why.
      const question = `Install ${patchReference(found)} on ${listed(appliances)} too?`
      const asking = { yes: options.yes, terminal, nothing: 'Nothing was added' }
      if (appliances.length > 0 && !(await isAgreed(asking, question))) return 1
      if (appliances.length === 0) appliances = undefined
    }
    return end(await client.extendInstall(id, appliances))
  },
})
