/** Tuned hyperparameters, by algorithm and environment. Each says where it comes from and what it reaches. */
export const PRESETS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  PPO: {
    // Stable-Baselines3's zoo. Solved (greedy mean return ≥ 475) after 20–33 K steps.
    'CartPole-v1': {
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
}
