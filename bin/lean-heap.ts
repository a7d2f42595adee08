import { setFlagsFromString } from 'node:v8'

/** So many percent of what is in use may come to it before garbage is collected; V8 would wait for up to four times as much. */
const GARBAGE_PERCENT = 20

/**
 * Keeps the heap near what is in use, for a process that only serves. Half of what a busy server had was young objects' space, which V8
 * doubles up to 32 MB where a few live longer than usual, and garbage among old ones. Both settings can be changed while a program runs, which
 * V8's limits on these spaces cannot: the young space stays as large as loading the program has made it, 2 to 8 MB. Serving was not
 * slower with it (`npm run bench -- serve soak` shows the memory).
 */
export function leanHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`)
}
