// One epoch of the layout of UMAP in gather form: the mirror of src/kernels/umap.as.ts. `Point` is vec2f in the plane and vec4f
// (the last one 0) in space; its alias is put before this text.
//
// Eight invocations share a point: each takes every eighth edge and every eighth point of the window that repels it, so that a
// point with thousands of edges holds its workgroup up for an eighth of them.

struct Params {
  count: u32,
  /** log2 a and b of the curve 1 / (1 + a·d^2b). */
  logA: f32,
  b: f32,
}

struct Step {
  /** A hash of seed, head and epoch. */
  stream: u32,
  rate: f32,
}

const LANES = 8u;
const POINTS = 8u;
const WINDOW = 32u;
const NEGATIVES = 5.0;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> step: Step;
/** [count + 1] */
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> edgePoints: array<u32>;
@group(0) @binding(4) var<storage, read> edgeWeights: array<f32>;
/** [count] */
@group(0) @binding(5) var<storage, read> degrees: array<f32>;
@group(0) @binding(6) var<storage, read> source: array<Point>;
@group(0) @binding(7) var<storage, read_write> result: array<Point>;

var<workgroup> moves: array<Point, 64>;

fn mixBits(value: u32) -> u32 {
  var bits = value;
  bits = (bits ^ (bits >> 16u)) * 0x85ebca6bu;
  bits = (bits ^ (bits >> 13u)) * 0xc2b2ae35u;
  return bits ^ (bits >> 16u);
}

/** The upper 32 bits of a product. */
fn multiplyHigh(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}

@compute @workgroup_size(64)
fn layoutPoints(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let point = group.x * POINTS + local / LANES;
  let lane = local % LANES;
  let row = min(point, params.count - 1u);
  let own = source[row];

  var pull = Point();
  let end = starts[row + 1u];
  for (var edge = starts[row] + lane; edge < end; edge += LANES) {
    let difference = own - source[edgePoints[edge]];
    let square = dot(difference, difference) + 1e-12;
    let curve = exp2(log2(square) * params.b + params.logA);
    pull -= (4.0 * params.b * edgeWeights[edge] * curve / (square * (curve + 1.0))) * difference;
  }

  var push = Point();
  let begin = multiplyHigh(mixBits(step.stream + row * 0x9e3779b9u), params.count);
  for (var other = lane; other < WINDOW; other += LANES) {
    let difference = own - source[(begin + other) % params.count];
    let square = dot(difference, difference) + 1e-12;
    let curve = exp2(log2(square) * params.b + params.logA);
    let slope = 2.0 * params.b / ((square + 0.001) * (curve + 1.0));
    push += clamp(slope * difference, Point(-4.0), Point(4.0));
  }

  let share = NEGATIVES * degrees[row] / f32(WINDOW);
  moves[local] = pull + share * push;
  workgroupBarrier();
  if (lane == 0u && point < params.count) {
    var change = Point();
    for (var each = 0u; each < LANES; each++) {
      change += moves[local + each];
    }
    result[point] = own + step.rate * change;
  }
}
