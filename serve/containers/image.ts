import type { ContainerSettings, Limits } from './kinds.js'
import type { ContainerCommand } from './process-host.js'

const ADDRESS = 'GYMNURA_CONTAINER_ADDRESS'
const TOKEN = 'GYMNURA_CONTAINER_TOKEN'
/** So many of a processor's shares has a container by default; niceness takes them away. */
const SHARES = 1024
const SHARES_PER_NICENESS = 1.25

/**
 * How to run an OCI image whose program speaks the container protocol: in the host's network, so that it reaches the server's address;
 * removed when it ends; with its standard input open, which tells it that the server is gone. The token goes by the environment, not by
 * the command line, which every user of the machine can read. The same for podman and docker.
 */
export function imageCommand(image: string, { engine = 'podman' }: Pick<ContainerSettings, 'engine'>, limits: Limits): ContainerCommand {
  const { memoryMB, niceness, env = {} } = limits
  const variables = [ADDRESS, TOKEN, ...Object.keys(env)].flatMap((name) => ['--env', name])
  const memory = memoryMB === undefined ? [] : ['--memory', `${memoryMB}m`]
  const shares = niceness === undefined ? [] : ['--cpu-shares', String(Math.max(2, Math.round(SHARES / SHARES_PER_NICENESS ** niceness)))]
  const security = ['--cap-drop', 'all', '--security-opt', 'no-new-privileges']
  return {
    command: engine,
    args: ['run', '--rm', '--interactive', '--network', 'host', ...security, ...memory, ...shares, ...variables, image],
  }
}
