"""Our environments inside the real Gymnasium (envs/python/gymnura_gymnasium): its own checks, its vector environments, its numbers."""

import os
import pathlib
import random
import sys
import traceback
import warnings

warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(root / "envs" / "python"))

import gymnasium as gym  # noqa: E402
import numpy as np  # noqa: E402
from gymnasium.utils.env_checker import check_env  # noqa: E402
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv  # noqa: E402

gym.logger.min_level = gym.logger.ERROR

import gymnura_gymnasium  # noqa: E402

seed = int(os.environ.get("GYMNURA_SEED", random.randrange(2**31))) % 2**31
IDS = sorted(name for name in gym.registry if name.startswith("gymnura/"))
# What Python's Gymnasium has too without further packages, and what steps to the same bits there.
TWINS = [name for name in ("CartPole-v1", "CartPole-v0", "MountainCar-v0", "FrozenLake-v1", "CliffWalking-v1", "Taxi-v4") if f"gymnura/{name}" in IDS]
AUTORESETS = ["NextStep", "SameStep", "Disabled"]
passed = failed = 0


def check(title, action):
    global passed, failed
    try:
        action()
        passed += 1
    except Exception:
        failed += 1
        print(f"FAIL {title}\n{traceback.format_exc()}")


def same(ours, theirs, what):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, (what, ours.dtype, theirs.dtype, ours.shape, theirs.shape)
    assert np.array_equal(ours, theirs), (what, ours, theirs)


def passes_check_env(name):
    env = gym.make(name)
    check_env(env.unwrapped, skip_render_check=False)
    env.close()


def equals_single(name):
    ours, theirs = gym.make(f"gymnura/{name}"), gym.make(name)
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert ours.spec.max_episode_steps == theirs.spec.max_episode_steps and ours.spec.reward_threshold == theirs.spec.reward_threshold
    same(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0], "reset")
    theirs.action_space.seed(seed)
    for t in range(600):
        action = theirs.action_space.sample()
        mine, its = ours.step(action), theirs.step(action)
        same(mine[0], its[0], f"step {t}")
        assert mine[1:4] == its[1:4], (t, mine, its)
        if its[2] or its[3]:
            same(ours.reset()[0], theirs.reset()[0], f"reset after step {t}")
    ours.close()


def equals_vector(name, make_ours, autoreset):
    ours = make_ours(name, autoreset)
    theirs = gym.make_vec(name, num_envs=4, vectorization_mode="sync", vector_kwargs={"autoreset_mode": autoreset})
    same(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0], "reset")
    theirs.action_space.seed(seed)
    for t in range(300):
        action = theirs.action_space.sample()
        mine, its = ours.step(action), theirs.step(action)
        for part in range(4):
            same(mine[part], its[part], f"step {t}, part {part}")
        done = its[2] | its[3]
        if autoreset == "SameStep" and done.any():
            same(mine[4]["_final_obs"], its[4]["_final_obs"], "mask")
            for i in np.flatnonzero(done):
                same(mine[4]["final_obs"][i], its[4]["final_obs"][i], "final observation")
        if autoreset == "Disabled" and done.any():
            same(ours.reset(options={"reset_mask": done})[0], theirs.reset(options={"reset_mask": done})[0], "reset by mask")
    ours.close()


def kernel(name, autoreset):
    return gym.make_vec(f"gymnura/{name}", num_envs=4, vectorization_mode="vector_entry_point", autoreset_mode=autoreset)


def of_gymnasium(kind):
    return lambda name, autoreset: kind([lambda: gym.make(f"gymnura/{name}")] * 4, autoreset_mode=autoreset)


def draws():
    env = gym.make("gymnura/CartPole-v1", render_mode="rgb_array")
    env.reset(seed=1)
    frame = env.render()
    assert frame.shape == (400, 600, 3) and frame.dtype == np.uint8 and len(np.unique(frame.reshape(-1, 3), axis=0)) > 3
    envs = gym.make_vec("gymnura/CartPole-v1", num_envs=2, vectorization_mode="vector_entry_point", render_mode="ansi")
    envs.reset(seed=1)
    assert all("x=" in text for text in envs.render())


def refuses():
    env = gym.make("gymnura/CartPole-v1").unwrapped
    env.reset(seed=1)
    try:
        env.step(5)
        raise AssertionError("nothing was raised")
    except gymnura_gymnasium.GymnuraError as error:
        assert error.code == "ENVS_INVALID_ACTION" and "got 5" in str(error), error
    env.step(1)
    try:
        gym.make("gymnura/CartPole-v1", no_such_option=1)
        raise AssertionError("nothing was raised")
    except gymnura_gymnasium.GymnuraError as error:
        assert "noSuchOption" in str(error), error


if __name__ == "__main__":
    for name in IDS:
        check(f"{name} passes Gymnasium's check_env", lambda: passes_check_env(name))
    for name in TWINS:
        check(f"gymnura/{name} equals Gymnasium's {name} from seed {seed}", lambda: equals_single(name))
    for autoreset in AUTORESETS:
        makers = {"one kernel": kernel, "SyncVectorEnv": of_gymnasium(SyncVectorEnv), "AsyncVectorEnv": of_gymnasium(AsyncVectorEnv)}
        for what, maker in makers.items():
            check(f"gymnura/CartPole-v1 by {what} with {autoreset} equals Gymnasium's from seed {seed}", lambda: equals_vector("CartPole-v1", maker, autoreset))
    check("pictures and text are drawn", draws)
    check("a wrong action and a wrong option are refused with Gymnura's error, and the environment goes on", refuses)
    print(f"gymnura in gymnasium: {passed} passed, {len(IDS)} environments")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
