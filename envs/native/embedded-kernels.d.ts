/** Made by scripts/build.mjs from assembly/: the module for a memory shared between threads, and for one that is not. In base64. */
export const shared: string
export const unshared: string
