export interface Preset {
  /** Environment steps that the schedules below span, and the most that a run takes unless told otherwise. */
  readonly totalSteps: number
  readonly hyperparameters: Readonly<Record<string, unknown>>
}

/** Tuned hyperparameters, by algorithm and environment. Each says where it comes from and what it reaches. */
const PRESETS: Readonly<Record<string, Readonly<Record<string, Preset>>>> = {
  PPO: {
    // Stable-Baselines3's zoo. Solved (greedy mean return ≥ 475) after 8–29 K steps.
    'CartPole-v1': {
      totalSteps: 100_000,
      hyperparameters: {
        numEnvs: 8,
        numSteps: 32,
        batchSize: 256,
        numEpochs: 20,
        gamma: 0.98,
        gaeLambda: 0.8,
        learningRate: { from: 1e-3, to: 0 },
        clipRange: { from: 0.2, to: 0 },
        entropyCoef: 0,
      },
    },
  },
}

/** The preset for an environment, if it was tuned. */
export function preset(algorithm: string, environmentId: string): Preset | undefined {
  return PRESETS[algorithm]?.[environmentId]
}
