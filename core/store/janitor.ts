import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** Waits for the end of its input; then removes a folder with what is in it, and those above it that are empty. */
const SCRIPT = `trap '' HUP INT TERM; read -r _; rm -rf -- "$1"; shift; for above; do rmdir -- "$above"; done`

/**
 * Sees to it that a folder is removed when this thread is gone, however that comes about: by a signal, by kill -9, when the
 * system has no memory left. Nothing of ours runs then, so a shell does it: it waits at the other end of a pipe, which the
 * system closes. Handlers of signals would be the other way; but they would take the signal from a program that is busy, which
 * could not be ended by Ctrl-C any more, and hear nothing of kill -9.
 *
 * Where there is no shell, the next run sweeps. Returns what removes the folder now.
 */
export function removeAfterUs(folder: string, above: readonly string[] = []): () => void {
  if (process.platform === 'win32') return () => {}
  // In a session of its own: Ctrl-C is for us, and it comes after us.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'gymnura-janitor', folder, ...above], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.on('error', () => {})
  shell.stdin.on('error', () => {})
  shell.unref()
  ;(shell.stdin as Socket).unref()
  return () => shell.stdin.end()
}
