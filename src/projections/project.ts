import { AxisFigureMeter, emptyAxisFigures } from '../core/axis-figures/meter'
import { AppError } from '../core/errors'
import { FidelityMeter, longestSpan } from '../core/fidelity'
import { fidelityFigures, orderFigures } from '../core/figures'
import { emptyHeadFigures, HeadFigureMeter } from '../core/head-figures/meter'
import { TrustMeter, trustSample } from '../core/trust'
import { trustFigures } from '../core/trust-figures'
import type { JointVectors } from '../core/types'
import type { ProjectionAnswer, ProjectionJob, ProjectionService } from '../rpc/contracts'
import { BackendChooser } from './backend'
import { jointInfo, loadJointMethod } from './joint/registry'
import { previewOf } from './preview'
import { loadProjection } from './registry'
import { Slices, systemSliceClock, type SliceClock } from './slices'
import type { HeadContext, Projection } from './types'

/** Does the jobs of one projection worker: joint method, then projection, then figures, in slices that let `cancel` in. */
export class ProjectionEngine implements ProjectionService {
  readonly #clock: SliceClock
  readonly #backends: BackendChooser
  readonly #running = new Set<Slices>()

  constructor(clock: SliceClock = systemSliceClock, backends = new BackendChooser()) {
    this.#clock = clock
    this.#backends = backends
  }

  /**
   * Throws BAD_ARGUMENT (arrays that don't fit their sizes), VERIFY_FAILED (numbers that are not finite), NOT_AVAILABLE
   * (a method that is not built, a GPU that is asked for and not there), CANCELLED, OUT_OF_MEMORY.
   */
  async project(
    job: ProjectionJob,
    onProgress: ((done: number, total: number) => void) | null = null,
  ): Promise<ProjectionAnswer> {
    checkJob(job)
    const slices = new Slices(onProgress, this.#clock)
    this.#running.add(slices)
    try {
      const context = createContext(job, slices)
      const jointMethod = await loadJointMethod(job.settings.joint)
      const whole = job.points ? null : await loadProjection(job.settings.projection)
      const projection = whole && job.sample ? previewOf(whole, job.sample) : whole
      slices.check()
      const joint = await jointMethod.apply(job.vectors, context)
      const { points, ...made } = projection
        ? await this.#draw(job, projection, joint, context)
        : { points: job.points! }
      slices.check()
      const figures = job.figures ? await measure(job, context, joint, points) : null
      return { points, c: joint.c, shift: joint.shift, figures, ...made }
    } finally {
      this.#running.delete(slices)
    }
  }

  async #draw(
    { backend: wish = 'wasm' }: ProjectionJob,
    projection: Projection,
    joint: JointVectors,
    context: HeadContext,
  ): Promise<Pick<ProjectionAnswer, 'points' | 'backend' | 'backendReason'>> {
    if (!projection.usesGpu?.(joint)) return { points: await projection.project(joint, context), backend: 'wasm' }
    const { result, choice } = await this.#backends.run(wish, joint.n + joint.m, (gpu) =>
      projection.project(joint, { ...context, gpu }),
    )
    return { points: result, backend: choice.backend, backendReason: choice.reason }
  }

  async cancel(): Promise<void> {
    for (const slices of this.#running) slices.cancel()
  }
}

function createContext(job: ProjectionJob, slices: Slices): HeadContext {
  const { vectors, spans, causal, window = null, special, settings, headIndex } = job
  const keySpecial = job.keySpecial ?? (vectors.n === vectors.m ? special : new Uint8Array(vectors.m))
  const pause = (done: number, total: number) => slices.pause(done, total)
  return { vectors, spans, causal, window, special, keySpecial, settings, headIndex, pause }
}

async function measure(
  job: ProjectionJob,
  context: HeadContext,
  joint: JointVectors,
  points: Float32Array,
): Promise<Record<string, number | null>> {
  const { vectors, spans, causal, window, special, keySpecial, settings } = context
  const { byConstruction } = jointInfo(settings.joint)
  const mask = { causal, window }
  const longest = longestSpan(spans)
  const meter = new FidelityMeter(
    {
      vectors,
      joint,
      jointMetric: byConstruction ? 'euclidean' : 'cosine',
      mask,
      querySpecial: special,
      keySpecial,
      points,
      dims: settings.dims,
    },
    longest,
  )
  const sameTokens = job.keySpecial === undefined && vectors.n === vectors.m
  const { tokenIds = null, grids, patches, weights, attentionFromScores = true } = job
  // Where the model adds a bias to the scores, q and k alone do not give its attention.
  const pattern =
    attentionFromScores || weights
      ? new HeadFigureMeter({ vectors, mask, sameTokens, querySpecial: special, keySpecial, tokenIds }, longest.keys)
      : null
  const axis = patches && sameTokens ? new AxisFigureMeter(vectors, patches) : null
  for (const [index, span] of spans.entries()) {
    meter.add(span)
    axis?.add(span)
    pattern?.add(span, grids?.[index] ?? null, weights?.[index] ?? null)
    await context.pause(index + 1, spans.length)
  }
  const trust = new TrustMeter({ joint, metric: settings.metric, points, dims: settings.dims })
  for (const point of trustSample(joint.n + joint.m, joint.dim)) {
    trust.add(point)
    await context.pause(spans.length, spans.length)
  }
  const fidelity = fidelityFigures(meter.result(), { c: joint.c, cAtBound: joint.cAtBound ?? false, byConstruction })
  return orderFigures({
    ...fidelity,
    ...trustFigures(trust.result()),
    ...(pattern ? pattern.result() : emptyHeadFigures()),
    ...(axis ? axis.result() : emptyAxisFigures()),
  })
}

function checkJob({
  vectors,
  spans,
  special,
  keySpecial,
  settings,
  points,
  tokenIds,
  grids,
  patches,
  weights,
}: ProjectionJob): void {
  const { q, k, n, m, dim } = vectors
  const fits =
    q.length === n * dim &&
    k.length === m * dim &&
    special.length === n &&
    (keySpecial === undefined || keySpecial.length === m) &&
    (tokenIds === undefined || tokenIds.length === n) &&
    (grids === undefined || grids.length === spans.length) &&
    (patches === undefined || Object.values(patches).every((values: Float32Array) => values.length === n)) &&
    (weights === undefined ||
      (weights.length === spans.length &&
        spans.every(({ queries, keys }, index) => weights[index]!.length === queries * keys))) &&
    (points === null || points.length === (n + m) * settings.dims) &&
    spans.every((span) => span.queryStart + span.queries <= n && span.keyStart + span.keys <= m)
  if (fits) return
  const details = `n ${n}, m ${m}, dim ${dim}, q ${q.length}, k ${k.length}, special ${special.length}`
  throw new AppError(
    'BAD_ARGUMENT',
    'The vectors of this head do not fit their sizes, so they cannot be projected: run the model again.',
    { details },
  )
}
