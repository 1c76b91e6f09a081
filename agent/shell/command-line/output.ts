/**
 * In which form a command prints what it found: for people, as JSON or as YAML. Each has the same values. Nothing that a
 * terminal would act on is printed as it is, in no form.
 */
import { needsQuotes, printableJson, printableYaml } from '../../../protocol/printable.ts'

export const OUTPUT_FORMATS = ['json', 'yaml', 'table'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** `shape` is what the JSON looks like, in the help. */
export function outputOptions(shape = 'JSON') {
  return {
    output: { type: 'string', short: 'o', value: 'FORMAT', about: `${OUTPUT_FORMATS.join(', ')} (default table)` },
    json: { type: 'boolean', about: `print ${shape}, as -o json does` },
  } as const
}

/** What is wrong with the options, as a sentence without a full stop, where they say no form. */
export function formatOf(options: {
  readonly output?: unknown
  readonly json?: unknown
}): OutputFormat | { readonly wrong: string } {
  const { output, json } = options
  if (output === undefined) return json === true ? 'json' : 'table'
  const format = OUTPUT_FORMATS.find((known) => known === output)
  if (format === undefined)
    return { wrong: `--output ${JSON.stringify(output)} is none of ${OUTPUT_FORMATS.join(', ')}` }
  if (json === true && format !== 'json') return { wrong: `--json and --output ${format} do not go together` }
  return format
}

/** The lines to print; `lines` are for people. */
export async function renderedLines(
  format: OutputFormat,
  value: unknown,
  lines: () => readonly string[],
): Promise<readonly string[]> {
  switch (format) {
    case 'table':
      return lines()
    case 'json':
      return [printableJson(JSON.stringify(value))]
    case 'yaml':
      return [await yamlOf(value)]
  }
}

/** Readable by parsers of YAML 1.1 and 1.2 alike. Most commands print none, so the library is read when one does. */
async function yamlOf(value: unknown): Promise<string> {
  const { Document, visit } = await import('yaml')
  // What JSON leaves out, such as a member that is undefined, is left out here too.
  const document = new Document(JSON.parse(JSON.stringify(value)), { compat: 'yaml-1.1', aliasDuplicateObjects: false })
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && needsQuotes(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return printableYaml(document.toString({ lineWidth: 0 }).trimEnd())
}
