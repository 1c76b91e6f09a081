/**
 * `patchmesh sign-in-link`: a link with every right, made beside the controller's data. It is the way back when no Owner
 * can sign in.
 */
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { ACCESS_LIFETIME_MS } from '../shell/access.ts'
import { PAGE_ADDRESS_SETTING } from '../shell/ports.ts'
import { newLink } from '../shell/printed-link.ts'
import { defineCommand } from './command.ts'
import { DATA_OPTION, withData } from './data-folder.ts'
import { noteHere } from './note-here.ts'
import { printLink } from './people.ts'

export const signInLink = defineCommand({
  name: 'sign-in-link',
  summary: 'Prints a link that signs in once, with every right',
  usage: '--data DIR',
  options: { ...DATA_OPTION, ...outputOptions('{"signInLink","expiresAt"}') },
  example: 'patchmesh sign-in-link --data ./center',
  async run({ options, show }) {
    return await withData(options.data, async ({ repository }) => {
      const page = await repository.readSetting(PAGE_ADDRESS_SETTING)
      if (page === undefined) throw new Error('The controller has never run on this folder: start it once first')
      const link = await newLink(repository, page)
      await noteHere(repository, { action: 'new sign-in link', subject: 'with every right' })
      const expiresAt = new Date(Date.now() + ACCESS_LIFETIME_MS['sign-in-link']).toISOString()
      return printLink({ signInLink: link, expiresAt }, show)
    })
  },
})
