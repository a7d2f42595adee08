/** What each vector environment by a kernel can be told; `memory` is a KernelMemory. */
export const NATIVE_OPTIONS = ['numEnvs', 'autoresetMode', 'copy', 'maxEpisodeSteps', 'renderMode', 'memory'] as const
