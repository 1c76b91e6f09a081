/**
 * What a shell offers after `patchmesh`: the commands, their second words, and the options of each. Made from the commands
 * themselves.
 */
export type Completed = {
  /** One or two words. */
  readonly name: string
  readonly summary: string
  /** Without the dashes. */
  readonly options: readonly string[]
}

/** The options that a help text shows. */
export function optionsIn(help: string): string[] {
  const found = [...help.matchAll(/(?<![\w-])--([a-z][a-z-]*[a-z])/g)].map(([, name = '']) => name)
  return [...new Set([...found, 'help'])].sort()
}

const SAFE = /^[\w .,;:()/+[\]=-]*$/

/** The shells read these texts; nothing in them may mean anything to one. */
function plain(text: string): string {
  return [...text].filter((letter) => SAFE.test(letter)).join('')
}

export function bashCompletion(commands: readonly Completed[]): string {
  const caseOf = ({ name, options }: Completed): string => `"${name}") words="${dashed(options)}" ;;`
  const seconds = secondWords(commands).map(([first, words]) => `"${first}") words="${words.join(' ')}" ;;`)
  const { one, two } = byWords(commands)
  return `# bash completion of patchmesh
_patchmesh() {
  local words='' current="\${COMP_WORDS[COMP_CWORD]}" first="\${COMP_WORDS[1]:-}" second="\${COMP_WORDS[2]:-}"
  case "$first $second" in
${two.map((command) => `    ${caseOf(command)}`).join('\n')}
    *)
      case "$first" in
${[...one.map(caseOf), ...seconds].map((line) => `        ${line}`).join('\n')}
      esac
      ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${firstWords(commands).join(' ')}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ "$COMP_CWORD" -gt 1 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _patchmesh patchmesh
`
}

export function zshCompletion(commands: readonly Completed[]): string {
  const caseOf = ({ name, options }: Completed): string => `"${name}") compadd -- ${dashed(options)}; _files ;;`
  const seconds = secondWords(commands).map(
    ([first, words]) => `  "${first}") (( CURRENT == 3 )) && compadd -- ${words.join(' ')} ;;`,
  )
  const { one, two } = byWords(commands)
  return `#compdef patchmesh
if (( CURRENT == 2 )); then
  compadd -- ${firstWords(commands).join(' ')}
  return
fi
case "$words[2]" in
${seconds.join('\n')}
esac
case "$words[2] $words[3]" in
${two.map((command) => `  ${caseOf(command)}`).join('\n')}
  *)
    case "$words[2]" in
${one.map((command) => `      ${caseOf(command)}`).join('\n')}
    esac
    ;;
esac
`
}

export function fishCompletion(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name, summary, options }) => {
    const [first = '', second] = name.split(' ')
    const isThere =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`
    const offered =
      second === undefined
        ? `complete -c patchmesh -f -n __fish_use_subcommand -a ${first} -d "${plain(summary)}"`
        : `complete -c patchmesh -f -n "__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${second}" -a ${second} -d "${plain(summary)}"`
    return [offered, ...options.map((option) => `complete -c patchmesh -n "${isThere}" -l ${option}`)]
  })
  const groups = secondWords(commands).map(([first]) => `complete -c patchmesh -f -n __fish_use_subcommand -a ${first}`)
  return `# fish completion of patchmesh\n${[...groups, ...lines].join('\n')}\n`
}

function byWords(commands: readonly Completed[]): { one: Completed[]; two: Completed[] } {
  const hasTwo = ({ name }: Completed): boolean => name.includes(' ')
  return { one: commands.filter((command) => !hasTwo(command)), two: commands.filter(hasTwo) }
}

function firstWords(commands: readonly Completed[]): string[] {
  return [...new Set([...commands.map(({ name }) => name.split(' ')[0] ?? ''), 'help'])].sort()
}

function secondWords(commands: readonly Completed[]): [first: string, words: string[]][] {
  const pairs = commands.map(({ name }) => name.split(' ')).filter(([, second]) => second !== undefined)
  const groups = Map.groupBy(pairs, ([first = '']) => first)
  return [...groups].map(([first, words]) => [first, words.map(([, second = '']) => second)])
}

function dashed(options: readonly string[]): string {
  return options.map((option) => `--${option}`).join(' ')
}
