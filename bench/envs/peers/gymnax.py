"""gymnax on JAX's CPU backend: 100 steps of all environments a compiled call, actions drawn inside."""

import pathlib
import sys

sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]
sys.path.append(str(pathlib.Path(__file__).resolve().parent))
from serve import bind_to_cores, serve

bind_to_cores(1)
sys.path.pop()
import gymnax
import jax

STEPS = 100


def make(way, env_id, num_envs, threads, steps):
    env, params = gymnax.make(env_id)
    reset = jax.vmap(env.reset, in_axes=(0, None))
    step = jax.vmap(env.step, in_axes=(0, 0, 0, None))
    sample = jax.vmap(env.action_space(params).sample)

    @jax.jit
    def steps(key, state):
        def one(carry, _):
            key, state = carry
            key, for_actions, for_steps = jax.random.split(key, 3)
            actions = sample(jax.random.split(for_actions, num_envs))
            observations, state, rewards, terminated, truncated, _ = step(jax.random.split(for_steps, num_envs), state, actions, params)
            return (key, state), (observations.sum(), rewards.sum(), (terminated | truncated).sum())

        return jax.lax.scan(one, (key, state), None, STEPS)

    key = jax.random.PRNGKey(1)
    _, state = reset(jax.random.split(key, num_envs), params)
    carry = [key, state]

    def run():
        (carry[0], carry[1]), sums = steps(*carry)
        jax.block_until_ready(sums)
        return STEPS * num_envs

    return run


serve(make)
