/**
 * What an installer's programs leave running when they are killed or fail: nothing works beside the step that follows.
 * Real processes, real signals.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask } from '../../agent/shell/installers/installer.ts'
import { patchBundle } from '../../agent/shell/installers/patch-bundle.ts'
import { livingProcess } from '../../agent/shell/installers/process-tree.ts'
import { eventually } from '../support/eventually.ts'
import { dpkg, dpkgSays, fails, InstallTasks, isThere, succeeds, withTimeout } from '../support/install-tasks.ts'
import { killNow, startInstalling } from '../support/installing-process.ts'
import { cannotInstall } from '../support/real-packages.ts'

const run = promisify(execFile)

/** Shell text: tells its number in a file of the root, then works on for ever and listens to no request to end. */
const stubborn = (file: string): string => `trap "" TERM; echo $$ > ${file}; while :; do sleep 1; done`
/** Waits for the lock of dpkg's frontend as dpkg takes it, and keeps it. */
const HOLD_LOCK = `use Fcntl;
$SIG{TERM} = "IGNORE";
open my $told, ">", "/child" or die; print $told "$$\\n"; close $told;
open my $lock, ">", "/var/lib/dpkg/lock-frontend" or die;
my $whole = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0); fcntl($lock, F_SETLKW, $whole) or die;
sleep 1 while 1;`

describe('What a program of an installer leaves running', { skip: cannotInstall() }, () => {
  const tasks = new InstallTasks()
  after(tasks.removeAll)

  async function packageWith(postinst: string): Promise<InstallTask> {
    return tasks.forPackage({ name: 'sample', version: '1', scripts: { postinst } })
  }

  test('X10: when dpkg alone is killed, its script may finish what it does before anything is put back', async () => {
    const task = await packageWith('echo $$ > /script; read -r go < /go; echo done > /finished')
    await run('mkfifo', [join(task.root, 'go')])
    const outcome = debianPackage.install(task)
    await told(task, 'script')
    const { pid } = await runningProgram(task)
    process.kill(pid, 'SIGKILL')
    await eventually('the death of dpkg', () => livingProcess(pid) === null)
    await writeFile(join(task.root, 'go'), 'go\n')
    fails(await outcome, /was ended by the signal SIGKILL/)
    assert.equal(await isThere(join(task.root, 'finished')), true, 'the script was given the time that it has')
    succeeds(await debianPackage.revert(task))
    assert.equal(await dpkgSays(task, 'sample'), '')
  })

  test('X10: when dpkg alone is killed, a script that does not end in time is ended before the step is over', async () => {
    const task = withTimeout(await packageWith(stubborn('/script')), 5)
    const outcome = debianPackage.install(task)
    const script = await told(task, 'script')
    process.kill((await runningProgram(task)).pid, 'SIGKILL')
    fails(await outcome, /SIGKILL/)
    assert.equal(livingProcess(script), null)
    succeeds(await debianPackage.revert(task))
    assert.equal(await dpkgSays(task, 'sample'), '')
  })

  test('X10: a child that made a session of its own is ended when dpkg and its script are killed', async () => {
    const task = await packageWith(`setsid sh -c '${stubborn('/child')}' & wait`)
    const outcome = debianPackage.install(task)
    const child = await told(task, 'child')
    process.kill(-(await runningProgram(task)).pid, 'SIGKILL')
    fails(await outcome, /SIGKILL/)
    assert.equal(livingProcess(child), null)
    succeeds(await debianPackage.revert(task))
  })

  test('X10: a child that takes the lock of dpkg does not hold up the way back', async () => {
    const task = await packageWith(`setsid perl -e '${HOLD_LOCK}' & wait`)
    const outcome = debianPackage.install(task)
    const child = await told(task, 'child')
    process.kill(-(await runningProgram(task)).pid, 'SIGKILL')
    fails(await outcome, /SIGKILL/)
    assert.equal(livingProcess(child), null)
    succeeds(await debianPackage.revert(task))
    assert.equal(await dpkgSays(task, 'sample'), '')
  })

  test('X8: a daemon that keeps the lock of dpkg makes no failed patch of a healthy one', async () => {
    const keeps = HOLD_LOCK.replace('lock-frontend', 'lock')
    const task = await packageWith(`setsid perl -e '${keeps}' & while ! test -s /child; do sleep 0.1; done`)
    // dpkg speaks of the lock before the first fault that it tells.
    const unpacked = await tasks.next(task, { name: 'zz', version: '1' })
    await dpkg(unpacked, '--unpack', unpacked.file)
    succeeds(await debianPackage.install(task))
    const daemon = await told(task, 'child')
    try {
      const audit = (): Promise<string> => run('dpkg', [`--root=${task.root}`, '--audit']).then(({ stdout }) => stdout)
      await eventually('the lock', async () => (await audit()).includes('has locked the database'))
      succeeds(await debianPackage.verify(task))
    } finally {
      process.kill(daemon, 'SIGKILL')
    }
  })

  test('X10: what was left by a dpkg that was killed together with the agent is ended by the next revert', async () => {
    const task = await packageWith(`setsid sh -c '${stubborn('/child')}' & wait`)
    const agent = await startInstalling(task)
    const child = await told(task, 'child')
    const { pid } = await runningProgram(task)
    process.kill(pid, 'SIGSTOP')
    await killNow(agent)
    process.kill(-pid, 'SIGKILL')
    await debianPackage.settle(task)
    fails(await debianPackage.verify(task), /sample/)
    succeeds(await debianPackage.revert(task))
    assert.equal(livingProcess(child), null)
    assert.equal(await dpkgSays(task, 'sample'), '')
  })

  test('X10: what a failed script left at work in the background is ended by the revert, and a daemon lives on', async () => {
    const background = stubborn('/work')
    const daemon = stubborn('/daemon')
    const task = await packageWith(`sh -c '${background}' & setsid sh -c '${daemon}' &
      while ! test -s /work || ! test -s /daemon; do sleep 0.1; done; exit 3`)
    fails(await debianPackage.install(task), /status 1/)
    const [work, left] = [await told(task, 'work'), await told(task, 'daemon')]
    try {
      succeeds(await debianPackage.revert(task))
      assert.equal(livingProcess(work), null)
      assert.notEqual(livingProcess(left), null)
    } finally {
      process.kill(left, 'SIGKILL')
    }
  })

  test('X10: a program of a bundle that is killed alone leaves no child at work', async () => {
    const child = stubborn('"$PATCHMESH_ROOT/child"')
    const task = withTimeout(
      await tasks.forBundle({ install: `sh -c '${child}' & wait`, revert: 'test -s "$PATCHMESH_ROOT/child"' }),
      5,
    )
    const outcome = patchBundle.install(task)
    const working = await told(task, 'child')
    process.kill((await runningProgram(task)).pid, 'SIGKILL')
    fails(await outcome, /the install program was ended by the signal SIGKILL/)
    assert.equal(livingProcess(working), null)
    succeeds(await patchBundle.revert(task))
  })

  test('X10: a child of a bundle with a session of its own is ended when its program is killed', async () => {
    const child = stubborn('"$PATCHMESH_ROOT/child"')
    const task = await tasks.forBundle({ install: `setsid sh -c '${child}' & wait`, revert: 'exit 0' })
    const outcome = patchBundle.install(task)
    const working = await told(task, 'child')
    process.kill(-(await runningProgram(task)).pid, 'SIGKILL')
    fails(await outcome, /SIGKILL/)
    assert.equal(livingProcess(working), null)
  })

  test('X12: a maintainer script that insists on HOME, USER, LOGNAME, SHELL and TERM finds those of root', async () => {
    const task = await packageWith('set -u; echo "$HOME $USER $LOGNAME $SHELL $TERM" > /environment')
    succeeds(await debianPackage.install(task))
    assert.equal(await readFile(join(task.root, 'environment'), 'utf8'), '/root root root /bin/sh dumb\n')
  })

  test('X12: what the agent has of them is inherited by no script and no program of a bundle', async () => {
    const print = 'set -u; echo "$HOME $USER $LOGNAME $SHELL $TERM" >'
    const own = { HOME: '/home/planted', USER: 'planted', LOGNAME: 'planted', SHELL: '/bin/planted', TERM: 'xterm' }
    const debian = await packageWith(`${print} /environment`)
    const bundle = await tasks.forBundle({ install: `${print} "$PATCHMESH_ROOT/environment"` })
    for (const task of [debian, bundle]) {
      const agent = await startInstalling(task, own)
      await eventually('the end of the agent', () => agent.exitCode !== null)
      assert.equal(await readFile(join(task.root, 'environment'), 'utf8'), '/root root root /bin/sh dumb\n')
    }
  })

  test('X12: no script is asked a question: debconf and ucf are told to keep what is there', async () => {
    const task = await packageWith('env > /environment; if read -r answer; then exit 4; fi')
    succeeds(await debianPackage.install(task))
    const environment = await readFile(join(task.root, 'environment'), 'utf8')
    assert.match(environment, /^DEBIAN_FRONTEND=noninteractive$/m)
    assert.match(environment, /^DEBIAN_PRIORITY=critical$/m)
    assert.match(environment, /^UCF_FORCE_CONFFOLD=1$/m)
  })
})

/** The number that a script wrote into a file of the root. */
function told(task: InstallTask, file: string): Promise<number> {
  return eventually(`a number in ${file}`, async () => {
    const path = join(task.root, file)
    return (await isThere(path)) ? Number(await readFile(path, 'utf8')) : null
  })
}

async function runningProgram(task: InstallTask): Promise<{ pid: number }> {
  return JSON.parse(await readFile(join(task.scratch, 'running-program.json'), 'utf8'))
}
