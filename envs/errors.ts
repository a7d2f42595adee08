/**
 * Everything that can go wrong in an environment, with its code. The names are Gymnasium's where it has one.
 * Each message says what was given, what was expected and what to do.
 */
export const ENV_ERRORS = {
  ENVS_MALFORMED_ID: 'an environment id is not of the form [namespace/]name[-vN]',
  ENVS_NAMESPACE_NOT_FOUND: 'no environment is registered in that namespace',
  ENVS_NAME_NOT_FOUND: 'no environment of that name is registered',
  ENVS_VERSION_NOT_FOUND: 'the environment exists, but not in so high a version',
  ENVS_DEPRECATED: 'the version asked for has been replaced by a later one',
  ENVS_PYTHON_MISSING: 'Python, or a package that it needs, is missing',
  ENVS_PYTHON_FAILED: 'the Python environment raised an error; `traceback` has where',
  ENVS_PYTHON_DIED: 'the process of the Python environment has ended',
  ENVS_PYTHON_TIMEOUT: 'the Python environment took longer than timeoutMs, and its process was ended',
  ENVS_ONLY_IN_PYTHON: 'the environment exists in Python only; PythonEnv runs it',
  ENVS_ENTRY_POINT: 'an entry point in text that is not loaded yet, or cannot be imported',
  ENVS_NEEDS_NODE: 'a file, a page or a thread is needed, and this is no Node',
  ENVS_NO_FFMPEG: 'an mp4 was asked for, and the program ffmpeg is missing or failed',
  ENVS_PAGE: 'the page that shows an environment cannot be served',
  ENVS_PENDING_CALL: 'a call while a step of asynchronous environments is under way',
  ENVS_NO_PENDING_CALL: 'waiting for a step that was not begun',
  ENVS_TIMEOUT: 'environments on another thread did not answer in time',
  ENVS_MEMBER_FAILED: 'an environment on another thread threw, or its thread ended',
  ENVS_NOT_CLONEABLE: 'an option or a value cannot be sent to another thread',
  ENVS_REGISTRATION: 'the environment cannot be registered like that',
  ENVS_INVALID_KWARGS: 'an option that the environment or the function does not know, or with a value it cannot take',
  ENVS_UNSUPPORTED_MODE: 'a render, vectorization or autoreset mode that this environment does not have',
  ENVS_RESET_NEEDED: 'step or render before reset, or a step after the end of an episode where nothing resets',
  ENVS_NOT_A_NUMBER: 'an environment gave NaN as a reward or in an observation',
  ENVS_INVALID_ACTION: 'an action outside the action space',
  ENVS_INVALID_SPACE: 'a space with impossible bounds, shape or dtype, or one that cannot be used here',
  ENVS_INVALID_ELEMENT: 'a value that is no element of the space it is used with',
  ENVS_INVALID_BOUND: 'a lower bound above the upper one, or a range that is not finite',
  ENVS_INVALID_PROBABILITY: 'probabilities or a mask that cannot be sampled from',
  ENVS_INVALID_SEED: 'a seed that is not a non-negative integer',
  ENVS_INVALID_STATE: 'a state that getState() of the same kind of object did not give',
  ENVS_CLOSED: 'an environment that was closed is used',
  ENVS_NOT_LOADED: 'an environment whose engine is loaded asynchronously here, and was not',
  ENVS_CHECK_FAILED: 'an environment that breaks the rules of the API',
} as const

export type EnvErrorCode = keyof typeof ENV_ERRORS

/** The base of all errors thrown by environments; `code` is a key of `ENV_ERRORS`. */
export class EnvError extends Error {
  override readonly name: string = 'EnvError'

  constructor(
    readonly code: EnvErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The id names nothing that is registered. */
export class UnregisteredEnv extends EnvError {
  override readonly name: string = 'UnregisteredEnv'
}

export class NamespaceNotFound extends UnregisteredEnv {
  override readonly name = 'NamespaceNotFound'
  constructor(message: string) {
    super('ENVS_NAMESPACE_NOT_FOUND', message)
  }
}

export class NameNotFound extends UnregisteredEnv {
  override readonly name = 'NameNotFound'
  constructor(message: string) {
    super('ENVS_NAME_NOT_FOUND', message)
  }
}

export class VersionNotFound extends UnregisteredEnv {
  override readonly name = 'VersionNotFound'
  constructor(message: string) {
    super('ENVS_VERSION_NOT_FOUND', message)
  }
}

export class DeprecatedEnv extends EnvError {
  override readonly name = 'DeprecatedEnv'
  constructor(message: string) {
    super('ENVS_DEPRECATED', message)
  }
}

/** Known, but by Python's packages only. */
export class OnlyInPython extends UnregisteredEnv {
  override readonly name = 'OnlyInPython'
  constructor(message: string) {
    super('ENVS_ONLY_IN_PYTHON', message)
  }
}

export class RegistrationError extends EnvError {
  override readonly name = 'RegistrationError'
  constructor(message: string) {
    super('ENVS_REGISTRATION', message)
  }
}

export class InvalidKwargs extends EnvError {
  override readonly name = 'InvalidKwargs'
  constructor(message: string) {
    super('ENVS_INVALID_KWARGS', message)
  }
}

export class UnsupportedMode extends EnvError {
  override readonly name = 'UnsupportedMode'
  constructor(message: string) {
    super('ENVS_UNSUPPORTED_MODE', message)
  }
}

export class ResetNeeded extends EnvError {
  override readonly name = 'ResetNeeded'
  constructor(message: string) {
    super('ENVS_RESET_NEEDED', message)
  }
}

export class NotANumber extends EnvError {
  override readonly name = 'NotANumber'
  constructor(message: string) {
    super('ENVS_NOT_A_NUMBER', message)
  }
}

export class InvalidAction extends EnvError {
  override readonly name = 'InvalidAction'
  constructor(message: string) {
    super('ENVS_INVALID_ACTION', message)
  }
}

export class InvalidSpace extends EnvError {
  override readonly name = 'InvalidSpace'
  constructor(message: string) {
    super('ENVS_INVALID_SPACE', message)
  }
}

export class InvalidElement extends EnvError {
  override readonly name = 'InvalidElement'
  constructor(message: string) {
    super('ENVS_INVALID_ELEMENT', message)
  }
}

export class InvalidBound extends EnvError {
  override readonly name = 'InvalidBound'
  constructor(message: string) {
    super('ENVS_INVALID_BOUND', message)
  }
}

export class InvalidProbability extends EnvError {
  override readonly name = 'InvalidProbability'
  constructor(message: string) {
    super('ENVS_INVALID_PROBABILITY', message)
  }
}

/** What went wrong in the process of a Python environment. */
abstract class PythonError extends EnvError {
  constructor(
    code: EnvErrorCode,
    message: string,
    /** What Python said of where it was, "" where it said nothing. */
    readonly traceback: string,
  ) {
    super(code, message)
  }
}

/** Python or a package is not there. */
export class PythonMissing extends PythonError {
  override readonly name = 'PythonMissing'
  constructor(message: string, traceback = '') {
    super('ENVS_PYTHON_MISSING', message, traceback)
  }
}

/** The Python code raised an error; the process goes on. */
export class PythonFailed extends PythonError {
  override readonly name = 'PythonFailed'
  constructor(
    message: string,
    traceback: string,
    /** The class of Python's error, such as 'ValueError'. */
    readonly pythonType: string,
  ) {
    super('ENVS_PYTHON_FAILED', message, traceback)
  }
}

/** The process is gone: it crashed, ended itself or was killed. */
export class PythonDied extends PythonError {
  override readonly name = 'PythonDied'
  constructor(message: string, traceback: string) {
    super('ENVS_PYTHON_DIED', message, traceback)
  }
}

/** A call took longer than `timeoutMs`; the process is gone. */
export class PythonTimeout extends PythonError {
  override readonly name = 'PythonTimeout'
  constructor(message: string, traceback: string) {
    super('ENVS_PYTHON_TIMEOUT', message, traceback)
  }
}
