"""Runs one Gymnasium environment, or several as one, for envs/python/child.ts. Needs numpy and gymnasium, nothing else.

File descriptor 3 gives requests, 4 takes answers (frames of gymnura_gymnasium/wire.py), 5 takes the stacks of all threads when the
process crashes or hangs. Answers are {"ok": …} or {"error": message, "type": class, "traceback": text}. The process ends with the pipe.
"""

import faulthandler
import importlib.util
import os
import pathlib
import select
import signal
import sys
import time
import traceback

REQUESTS, ANSWERS, STACKS = 3, 4, 5
# Idle for so long, the watch over a hanging environment is taken off.
IDLE_SECONDS = 0.05
AUTORESET = {"next-step": "NextStep", "same-step": "SameStep", "disabled": "Disabled"}


def load_wire():
    """By its path, since importing the package it lies in would register environments."""
    path = pathlib.Path(__file__).parent / "gymnura_gymnasium" / "wire.py"
    spec = importlib.util.spec_from_file_location("gymnura_wire", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server:
    def __init__(self):
        self.env = None
        self.vector = False

    def make(self, id, kwargs, renderMode, numEnvs, mode, autoreset):
        import gymnasium as gym

        if renderMode is not None:
            kwargs = {**kwargs, "render_mode": renderMode}
        self.vector = numEnvs is not None
        if not self.vector:
            self.env = gym.make(id, **kwargs)
        else:
            vector_kwargs = None if mode == "vector_entry_point" else {"autoreset_mode": AUTORESET[autoreset]}
            self.env = gym.make_vec(id, num_envs=numEnvs, vectorization_mode=mode, vector_kwargs=vector_kwargs, **kwargs)
            used = self.env.metadata.get("autoreset_mode")
            if getattr(used, "value", None) != AUTORESET[autoreset]:
                raise ValueError(f"{id} resets by {used} in the mode {mode}, not by {autoreset}; choose another vectorizationMode or autoresetMode")
        env, spec = self.env, self.env.spec
        return {
            "observationSpace": wire.space_to_json(env.single_observation_space if self.vector else env.observation_space),
            "actionSpace": wire.space_to_json(env.single_action_space if self.vector else env.action_space),
            "renderModes": [str(name) for name in env.metadata.get("render_modes") or []],
            "renderFps": env.metadata.get("render_fps"),
            "spec": None if spec is None else {
                "id": spec.id, "rewardThreshold": spec.reward_threshold, "maxEpisodeSteps": spec.max_episode_steps,
                "nondeterministic": spec.nondeterministic,
            },
        }

    def observation(self, value):
        return wire.to_json_element(self.env.observation_space, value)

    def reset(self, seed, options, mask=None):
        if mask is not None:
            options = {**(options or {}), "reset_mask": mask.astype(bool)}
        observation, info = self.env.reset(seed=seed, options=options)
        return [self.observation(observation), info]

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(wire.to_element(self.env.action_space, action))
        if self.vector:
            return [self.observation(observation), reward, terminated, truncated, self.vector_info(info)]
        return [self.observation(observation), float(reward), bool(terminated), bool(truncated), info]

    def vector_info(self, info):
        if "final_obs" not in info:
            return info
        one = self.env.single_observation_space
        finals = [None if final is None else wire.to_json_element(one, final) for final in info["final_obs"]]
        return {**info, "final_obs": finals}

    def render(self):
        frame = self.env.render()
        return [self.frame(one) for one in frame] if self.vector and frame is not None else self.frame(frame)

    def frame(self, frame):
        if isinstance(frame, str) or frame is None:
            return frame
        if getattr(frame, "ndim", 0) == 3 and frame.shape[2] == 3:
            return {"height": frame.shape[0], "width": frame.shape[1], "data": frame.astype("uint8")}
        raise TypeError(f"the frame is a {type(frame).__name__}, neither text nor an array [height, width, 3]; choose the renderMode rgb_array or ansi")

    def close(self):
        if self.env is not None:
            self.env.close()


def answer(server, request):
    try:
        return {"ok": getattr(server, request.pop("op"))(**request)}
    except Exception as error:
        return {"error": str(error), "type": type(error).__name__, "traceback": traceback.format_exc()}


class Watch:
    """Ends the process, with the stacks of all its threads, when a request takes longer than it may; even one that never lets Python run."""

    def __init__(self, seconds):
        # Setting it costs a thread, so it is renewed within a burst of requests only when a tenth of the time has gone.
        self.seconds = seconds
        self.armed = None
        self.begin()

    def begin(self):
        now = time.monotonic()
        if self.armed is None or now - self.armed > self.seconds / 10:
            faulthandler.dump_traceback_later(1.1 * self.seconds, exit=True, file=STACKS)
            self.armed = now

    def change(self, seconds):
        self.pause()
        self.seconds = seconds

    def pause(self):
        if self.armed is not None:
            faulthandler.cancel_dump_traceback_later()
            self.armed = None


def serve(watch, seconds):
    server = Server()
    try:
        while True:
            if not select.select([REQUESTS], [], [], IDLE_SECONDS)[0]:
                watch.pause()
            request = wire.read_frame(REQUESTS)
            watch.begin()
            wire.write_frame(ANSWERS, answer(server, request))
            if watch.seconds != seconds:
                watch.change(seconds)
    except (EOFError, BrokenPipeError):
        watch.begin()
        server.close()


if __name__ == "__main__":
    # How long it may take until the environment is made, and each call after that.
    start_seconds, seconds = map(float, sys.argv[1:])
    watch = Watch(start_seconds)
    faulthandler.enable(file=STACKS)
    # Processes that the environment starts must not hold the pipe open when this one is gone.
    for fd in (REQUESTS, ANSWERS, STACKS):
        os.set_inheritable(fd, False)
    os.register_at_fork(after_in_child=lambda: [os.close(fd) for fd in (REQUESTS, ANSWERS)])
    try:
        wire = load_wire()
        serve(watch, seconds)
    except BaseException:
        os.write(STACKS, traceback.format_exc().encode())
    finally:
        # This process leads a group of its own: whatever the environment started goes with it.
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
