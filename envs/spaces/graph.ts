import { InvalidKwargs, InvalidProbability } from '../errors.js'
import { warn } from '../logger.js'
import { shown } from '../shown.js'
import { type Batched, batchSpace } from './batch.js'
import { iterate } from './concatenate.js'
import { objectOf } from './element.js'
import { type Jsonable, listFrom, unread } from './jsonable.js'
import { seedChooser } from './nested-seed.js'
import { checkSpace, type ElementOf, type NestedSeed, type SampleOptions, Space, type SpaceJSON } from './space.js'
import { weightsOf } from './weights.js'

/** Gymnasium's number of nodes where none is asked for. */
const NODES = 10

/** A graph: `n` nodes and `m` edges as batches, and for each edge the two nodes it connects, `[m, 2]`. Without edges both are null. */
export interface GraphInstance<Nodes = unknown, Edges = unknown> {
  nodes: Nodes
  edges: Edges | null
  edgeLinks: Int32Array | null
}

export type GraphElement<N extends Space, E extends Space | null> = GraphInstance<
  ElementOf<Batched<N>>,
  E extends Space ? ElementOf<Batched<E>> : null
>

/** Weights of the nodes and of the edges, as the space of the batch takes them; of edges whose number is drawn, those of one edge. */
export type GraphWeights = readonly [nodes: unknown, edges: unknown]

export interface GraphSampleOptions extends SampleOptions<GraphWeights, GraphWeights> {
  /** 10 unless told. */
  numNodes?: number
  /** Drawn below n(n − 1) unless told. */
  numEdges?: number
}

/**
 * Graphs whose nodes are elements of one space and whose edges, if they have any features, of another.
 *
 *     new Graph(new Box(-1, 1, { shape: [3] }), new Discrete(4)).sample({ numNodes: 5, numEdges: 8 })
 *
 * @throws InvalidKwargs when one of them is no space
 */
export class Graph<N extends Space = Space, E extends Space | null = Space | null> extends Space<
  GraphElement<N, E>,
  GraphWeights,
  GraphWeights
> {
  readonly shape = null
  readonly dtype = null
  readonly nodeSpace: N
  readonly edgeSpace: E
  /** Of one node and one edge; what graphs are iterated by. */
  readonly batchNodeSpace: Space
  readonly batchEdgeSpace: Space | null

  constructor(nodeSpace: N, edgeSpace: E, { seed }: { seed?: NestedSeed } = {}) {
    super()
    checkSpace('Graph', 'the space of its nodes', nodeSpace)
    if (edgeSpace !== null) checkSpace('Graph', 'the space of its edges (null for none)', edgeSpace)
    this.nodeSpace = nodeSpace
    this.edgeSpace = edgeSpace
    this.batchNodeSpace = batchSpace<Space>(nodeSpace, 1)
    this.batchEdgeSpace = edgeSpace === null ? null : batchSpace<Space>(edgeSpace, 1)
    if (seed !== undefined) this.seed(seed)
  }

  protected override get parts(): readonly Space[] {
    return this.edgeSpace === null ? [this.nodeSpace] : [this.nodeSpace, this.edgeSpace]
  }

  /** A list has the own seed, which draws edges and links, and those of nodes and edges. Gives back all. @throws EnvError (ENVS_INVALID_SEED) */
  override seed(seed?: NestedSeed | null): NestedSeed[] {
    return seedChooser(this, this.parts, seed, (own) => this.seedOwn(own))
  }

  /** @throws InvalidKwargs for impossible numbers of nodes or edges, InvalidProbability for weights that cannot be sampled from */
  override sample(options: GraphSampleOptions = {}): GraphElement<N, E> {
    const { mask, probability } = weightsOf(options)
    const given = mask ?? probability
    if (given !== null && (!Array.isArray(given) || given.length !== 2)) {
      throw new InvalidProbability(`a Graph is sampled by [weights of nodes or null, weights of edges or null], got ${shown(given)}`)
    }
    const [nodeWeights = null, edgeWeights = null] = given ?? []
    const { numNodes = NODES, numEdges } = options
    if (!Number.isInteger(numNodes) || numNodes < 1) throw new InvalidKwargs(`numNodes must be a positive integer, got ${shown(numNodes)}`)
    if (numEdges !== undefined && (!Number.isInteger(numEdges) || numEdges < 0))
      throw new InvalidKwargs(`numEdges must be a non-negative integer, got ${shown(numEdges)}`)
    if (numEdges !== undefined && this.edgeSpace === null) warn(`${numEdges} edges are asked for, but ${this} has none`)
    const count = numEdges ?? (numNodes > 1 ? this.npRandom.integers(numNodes * (numNodes - 1)) : 0)
    const perEdge = numEdges === undefined && edgeWeights !== null ? Array.from({ length: count }, () => edgeWeights) : edgeWeights
    const weights = (own: unknown) => (own === null ? undefined : mask !== null ? { mask: own } : { probability: own })
    const nodes = sampleBatch(this.nodeSpace, numNodes, weights(nodeWeights))
    const edges = count > 0 && this.edgeSpace !== null ? sampleBatch(this.edgeSpace, count, weights(perEdge)) : null
    const edgeLinks = edges === null ? null : Int32Array.from({ length: 2 * count }, () => this.npRandom.integers(0, numNodes, 'int32'))
    return { nodes, edges, edgeLinks } as GraphElement<N, E>
  }

  override contains(x: unknown): x is GraphElement<N, E> {
    if (typeof x !== 'object' || x === null || !('nodes' in x)) return false
    const { nodes, edges = null, edgeLinks = null } = x as GraphInstance
    const nodeCount = countElements(this.nodeSpace, this.batchNodeSpace, nodes)
    if (nodeCount === null) return false
    if (edges === null || edgeLinks === null) return edges === edgeLinks
    if (this.edgeSpace === null || this.batchEdgeSpace === null) return false
    const edgeCount = countElements(this.edgeSpace, this.batchEdgeSpace, edges)
    if (edgeCount === null || edgeLinks.length !== 2 * edgeCount) return false
    return Array.from(edgeLinks).every((node) => Number.isInteger(node) && node >= 0 && node < nodeCount)
  }

  override equals(other: unknown): boolean {
    if (!(other instanceof Graph) || !this.nodeSpace.equals(other.nodeSpace)) return false
    return this.edgeSpace === null ? other.edgeSpace === null : this.edgeSpace.equals(other.edgeSpace)
  }

  protected override copy(): Graph<N, E> {
    return new Graph(this.nodeSpace.clone() as unknown as N, (this.edgeSpace === null ? null : this.edgeSpace.clone()) as unknown as E)
  }

  override toJSON(): SpaceJSON {
    return { type: 'Graph', nodeSpace: this.nodeSpace.toJSON(), edgeSpace: this.edgeSpace?.toJSON() ?? null }
  }

  /** Names are Gymnasium's: `nodes`, and where there are any `edges` and `edge_links`. */
  override toJsonable(samples: readonly GraphElement<N, E>[]): Jsonable {
    return samples.map(({ edgeLinks, edges, nodes }) => {
      const told = { nodes: this.batchNodeSpace.toJsonable([nodes]) }
      if (this.batchEdgeSpace === null || edges === null || edgeLinks === null) return told
      const links = Array.from({ length: edgeLinks.length / 2 }, (_, k) => [edgeLinks[2 * k]!, edgeLinks[2 * k + 1]!])
      return { ...told, edges: this.batchEdgeSpace.toJsonable([edges]), edge_links: links }
    })
  }

  override fromJsonable(json: unknown): GraphElement<N, E>[] {
    return listFrom(this, json).map((item) => {
      const { edge_links, edges, nodes } = objectOf(this, item)
      const [read] = this.batchNodeSpace.fromJsonable(nodes)
      if (edges === undefined) return { nodes: read, edges: null, edgeLinks: null } as GraphElement<N, E>
      if (this.batchEdgeSpace === null) throw unread(this, 'no edges', edges)
      const links = listFrom(this, edge_links).flatMap((pair) => listFrom(this, pair, 2))
      if (!links.every(Number.isInteger)) throw unread(this, 'pairs of nodes as edge_links', edge_links)
      const [readEdges] = this.batchEdgeSpace.fromJsonable(edges)
      return { nodes: read, edges: readEdges, edgeLinks: Int32Array.from(links as number[]) } as GraphElement<N, E>
    })
  }

  override toString(): string {
    return `Graph(${this.nodeSpace}, ${this.edgeSpace ?? 'None'})`
  }
}

/** The batch draws from a copy of the space's stream; one draw from the stream itself makes the next graph another. */
function sampleBatch(space: Space, count: number, options: SampleOptions | undefined): unknown {
  const batch = batchSpace<Space>(space, count).sample(options)
  space.npRandom.random()
  return batch
}

/** How many elements a batch has, null where one of them is none. */
function countElements(space: Space, batched: Space, batch: unknown): number | null {
  try {
    let count = 0
    for (const element of iterate(batched, batch)) {
      if (!space.contains(element)) return null
      count++
    }
    return count
  } catch {
    return null
  }
}
