// t-SNE in the plane, every pair of points summed: the mirror of src/kernels/tsne.as.ts, whose field on a grid is an
// approximation of these sums.

struct Params {
  count: u32,
  /** Parts of the points whose repulsion is summed side by side. */
  segments: u32,
  /** Points of a segment, a multiple of 64. */
  segmentPoints: u32,
}

struct Step {
  exaggeration: f32,
  momentum: f32,
  rate: f32,
}

const LANES = 8u;
const POINTS = 8u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> step: Step;
/** [count + 1] */
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> edgePoints: array<u32>;
@group(0) @binding(4) var<storage, read> edgeWeights: array<f32>;
@group(0) @binding(5) var<storage, read> source: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> result: array<vec2f>;
/** [segments][count] Σ w²·(yi − yj) and Σ w, w = 1/(1 + |yi − yj|²); at the end one more: mean position and Σ w of all pairs. */
@group(0) @binding(7) var<storage, read_write> forces: array<vec4f>;
/** [count] velocity and gains */
@group(0) @binding(8) var<storage, read_write> states: array<vec4f>;

var<workgroup> tile: array<vec2f, 64>;
var<workgroup> totals: array<vec4f, 256>;
var<workgroup> pulls: array<vec2f, 64>;

@compute @workgroup_size(64)
fn repel(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let point = group.x * 64u + local;
  let own = source[min(point, params.count - 1u)];
  let begin = group.y * params.segmentPoints;
  let end = min(params.count, begin + params.segmentPoints);
  var force = vec2f(0.0);
  var sum = 0.0;
  for (var first = begin; first < end; first += 64u) {
    workgroupBarrier();
    tile[local] = source[min(first + local, params.count - 1u)];
    workgroupBarrier();
    for (var other = 0u; other < min(64u, end - first); other++) {
      let difference = own - tile[other];
      let weight = 1.0 / (1.0 + dot(difference, difference));
      force += weight * weight * difference;
      sum += select(weight, 0.0, first + other == point);
    }
  }
  if (point < params.count) {
    forces[group.y * params.count + point] = vec4f(force, sum, 0.0);
  }
}

/** One workgroup. */
@compute @workgroup_size(256)
fn total(@builtin(local_invocation_index) local: u32) {
  var sum = vec4f(0.0);
  for (var point = local; point < params.count; point += 256u) {
    sum += vec4f(source[point], 0.0, 0.0);
  }
  for (var at = local; at < params.count * params.segments; at += 256u) {
    sum.z += forces[at].z;
  }
  totals[local] = sum;
  for (var width = 128u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (local < width) {
      totals[local] += totals[local + width];
    }
  }
  if (local == 0u) {
    let all = totals[0];
    forces[params.count * params.segments] = vec4f(all.xy / f32(params.count), all.z, 0.0);
  }
}

/** Eight invocations share a point's edges. */
@compute @workgroup_size(64)
fn movePoints(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let point = group.x * POINTS + local / LANES;
  let lane = local % LANES;
  let row = min(point, params.count - 1u);
  let own = source[row];
  var pull = vec2f(0.0);
  let end = starts[row + 1u];
  for (var edge = starts[row] + lane; edge < end; edge += LANES) {
    let difference = own - source[edgePoints[edge]];
    pull += edgeWeights[edge] / (1.0 + dot(difference, difference)) * difference;
  }
  pulls[local] = pull;
  workgroupBarrier();
  if (lane > 0u || point >= params.count) {
    return;
  }
  var attraction = vec2f(0.0);
  for (var each = 0u; each < LANES; each++) {
    attraction += pulls[local + each];
  }
  var repulsion = vec2f(0.0);
  for (var segment = 0u; segment < params.segments; segment++) {
    repulsion += forces[segment * params.count + row].xy;
  }
  let all = forces[params.segments * params.count];
  let gradient = step.exaggeration * attraction - repulsion / max(all.z, 1e-30);
  let state = states[row];
  let turned = state.xy * gradient < vec2f(0.0);
  let gains = select(max(state.zw * 0.8, vec2f(0.01)), state.zw + 0.2, turned);
  let velocity = step.momentum * state.xy - step.rate * gains * gradient;
  states[row] = vec4f(velocity, gains);
  result[row] = own - all.xy + velocity;
}
