// Scatter of centred rows: the mirror of `addScatter` in src/kernels/covariance.as.ts. A workgroup sums a block of 32 × 32 over
// one part of the rows; the parts are added up by the caller in float64.

struct Params {
  count: u32,
  /** Columns in fours. */
  quads: u32,
  /** Rows of a part. */
  partRows: u32,
}

const ROWS = 16u;
const BLOCK = 8u; // quads along a side of a block

@group(0) @binding(0) var<uniform> params: Params;
/** [count][quads] */
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;
/** [parts][4 · quads][quads]; only blocks on and above the diagonal are written. */
@group(0) @binding(2) var<storage, read_write> scatter: array<vec4f>;

var<workgroup> left: array<vec4f, 128>;
var<workgroup> right: array<vec4f, 128>;

@compute @workgroup_size(64)
fn addScatter(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  if (group.y < group.x) {
    return; // the matrix is symmetric
  }
  let i = local / BLOCK;
  let j = local % BLOCK;
  let end = min(params.count, (group.z + 1u) * params.partRows);
  var sum0 = vec4f(0.0);
  var sum1 = vec4f(0.0);
  var sum2 = vec4f(0.0);
  var sum3 = vec4f(0.0);
  for (var first = group.z * params.partRows; first < end; first += ROWS) {
    workgroupBarrier();
    for (var at = local; at < ROWS * BLOCK; at += 64u) {
      let row = first + at / BLOCK;
      let a = group.x * BLOCK + at % BLOCK;
      let b = group.y * BLOCK + at % BLOCK;
      left[at] = vec4f(0.0);
      right[at] = vec4f(0.0);
      if (row < end && a < params.quads) {
        left[at] = rows[row * params.quads + a];
      }
      if (row < end && b < params.quads) {
        right[at] = rows[row * params.quads + b];
      }
    }
    workgroupBarrier();
    for (var row = 0u; row < ROWS; row++) {
      let a = left[row * BLOCK + i];
      let b = right[row * BLOCK + j];
      sum0 += a.x * b;
      sum1 += a.y * b;
      sum2 += a.z * b;
      sum3 += a.w * b;
    }
  }
  let column = group.y * BLOCK + j;
  let line = group.x * BLOCK + i;
  if (line < params.quads && column < params.quads) {
    let place = (group.z * params.quads + line) * 4u * params.quads + column;
    scatter[place] = sum0;
    scatter[place + params.quads] = sum1;
    scatter[place + 2u * params.quads] = sum2;
    scatter[place + 3u * params.quads] = sum3;
  }
}
