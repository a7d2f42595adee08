"""Gymnasium's public names, read from its sources: what is in a module's `__all__`, else its classes and functions."""

import ast
import pathlib

import gymnasium

MODULES = [
    "__init__", "core", "error", "logger", "spaces.__init__", "spaces.utils", "envs.registration", "vector.__init__", "vector.utils.__init__",
    "wrappers.__init__", "wrappers.vector.__init__", "utils.__init__", "utils.env_checker", "utils.env_match", "utils.passive_env_checker",
    "utils.performance", "utils.play", "utils.save_video", "utils.seeding", "utils.step_api_compatibility",
]


def names_of(module):
    source = pathlib.Path(gymnasium.__file__).parent.joinpath(*module.split(".")).with_suffix(".py").read_text()
    body = ast.parse(source).body
    for node in body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["__all__"]:
            return sorted(ast.literal_eval(node.value))
    kinds = (ast.ClassDef, ast.FunctionDef)
    return sorted(node.name for node in body if isinstance(node, kinds) and not node.name.startswith("_"))


def files(seeds, live):
    title = lambda module: f"gymnasium.{module}".removesuffix(".__init__")
    return {"names": {"modules": {title(module): names_of(module) for module in MODULES}}}
