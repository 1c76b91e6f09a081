/**
 * What a shell offers after `patchmesh`: the commands, their second words, and the options of each. Made from the commands
 * themselves. Names, such as those of patches, a hidden command tells while somebody types
 * (controller/cli/complete-names.ts).
 */
import { COMPLETE } from '../cli/complete-names.ts'

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
  COMPREPLY=()
  case "$current" in -*) ;; *) if [ "$COMP_CWORD" -gt 2 ]; then _patchmesh_names; fi ;; esac
  if [ "\${#COMPREPLY[@]}" -gt 0 ]; then return; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ "$COMP_CWORD" -gt 1 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
# Names of the Service Center. readline breaks words at @ and : too, so they are put together as they were typed, and of a
# name only what follows the last break is offered; an @ belongs to what follows it (rl_special_prefixes).
_patchmesh_names() {
  local line="\${COMP_LINE:0:COMP_POINT}" index part typed=() last=-1 breaks='' one name open=''
  for ((index = 0; index <= COMP_CWORD; index++)); do
    part="\${COMP_WORDS[index]}"
    case "$line" in
      [[:space:]]*) line="\${line#"\${line%%[![:space:]]*}"}" ; last=$((last + 1)) ;;
      *) [ "$index" -eq 0 ] && last=0 ;;
    esac
    part="\${part:0:\${#line}}"
    line="\${line#"$part"}"
    typed[last]="\${typed[last]:-}$part"
  done
  for one in @ : =; do case "$COMP_WORDBREAKS" in *"$one"*) breaks+="$one" ;; esac; done
  one="\${typed[last]}"
  case "$one" in [\\"\\']*) open=yes one="\${one:1}" ;; esac
  typed[last]="\${one//\\\\/}"
  part=''
  if [ -n "$breaks" ]; then part="\${typed[last]%"\${typed[last]##*[$breaks]}"}"; fi
  part="\${part%@}"
  while IFS=$'\\t' read -r name _; do
    name="\${name#"$part"}"
    if [ -z "$open" ]; then printf -v name %q "$name"; fi
    COMPREPLY+=("$name")
  done < <("\${COMP_WORDS[0]}" ${COMPLETE} "\${typed[@]:1}" 2>/dev/null)
  # A name may have a slash in it, and is no file.
  if [ "\${#COMPREPLY[@]}" -gt 0 ]; then compopt +o filenames 2>/dev/null; fi
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
if (( CURRENT > 3 )) && [[ $words[CURRENT] != -* ]]; then
  local name about
  local -a names abouts
  while IFS=$'\\t' read -r name about; do
    names+=("$name")
    abouts+=("$name\${about:+  $about}")
  done < <("$words[1]" ${COMPLETE} "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#names )) && compadd -d abouts -a names && return
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
  const names = `function __patchmesh_names
  set -l typed (commandline -opc) (string replace -a '\\\\' '' -- (commandline -ct))
  set -g __patchmesh_found
  test (count $typed) -gt 3; and set -g __patchmesh_found ($typed[1] ${COMPLETE} $typed[2..-1] 2>/dev/null)
  test (count $__patchmesh_found) -gt 0
end
complete -c patchmesh -f -n __patchmesh_names -a '(printf "%s\\n" $__patchmesh_found)'`
  return `# fish completion of patchmesh\n${[...groups, ...lines, names].join('\n')}\n`
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
