// The exact k nearest neighbours of every row by brute force: the mirror of src/kernels/neighbors.as.ts.
//
// `scan` compares 64 rows with a segment of all rows, 16 at a time through workgroup memory, and keeps a sorted list of
// candidates a row and segment. `finish` measures all candidates of a row by differences, which near pairs need, and keeps
// the best. Ties go to the lower index.

struct Params {
  count: u32,
  /** Rows, rounded up to whole workgroups. */
  stride: u32,
  /** Columns of a row in fours. */
  quads: u32,
  neighbors: u32,
  /** Length of a list. */
  capacity: u32,
  segments: u32,
  /** Rows of a segment, a multiple of 16. */
  segmentRows: u32,
  /** First row of this step. */
  first: u32,
  /** 0 cosine, 1 Euclidean. */
  metric: u32,
}

const COLUMNS = 16u;
const DEPTH = 16u;

@group(0) @binding(0) var<uniform> params: Params;
/** [quads][stride] rows as they are compared: of length 1 (cosine), or centred and scaled (Euclidean). */
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;
/** [stride] half of each row's squared norm. */
@group(0) @binding(2) var<storage, read> halves: array<f32>;
/** [segments][capacity][stride] half squared distance (its bits), index; ascending. */
@group(0) @binding(3) var<storage, read_write> lists: array<vec2u>;
/** [segments][stride] */
@group(0) @binding(4) var<storage, read_write> lengths: array<u32>;
/** [neighbors][stride] half squared distance (its bits), index; ascending. */
@group(0) @binding(5) var<storage, read_write> best: array<vec2u>;

var<workgroup> tile: array<vec4f, 256>;
var<workgroup> tileHalves: array<vec4f, 4>;

/** Offers one pair to a list; returns what the next pair must be below. */
fn offer(base: u32, row: u32, length: ptr<function, u32>, half: f32, other: u32, limit: f32) -> f32 {
  let key = bitcast<u32>(max(half, 0.0));
  var place = *length;
  if (place == params.capacity) {
    place -= 1u;
  } else {
    *length = place + 1u;
  }
  // Others come by ascending index, so that an equal one before stays before.
  while (place > 0u) {
    let before = lists[(base + place - 1u) * params.stride + row];
    if (before.x <= key) {
      break;
    }
    lists[(base + place) * params.stride + row] = before;
    place -= 1u;
  }
  lists[(base + place) * params.stride + row] = vec2u(key, other);
  if (*length < params.capacity) {
    return limit;
  }
  return bitcast<f32>(lists[(base + params.capacity - 1u) * params.stride + row].x);
}

@compute @workgroup_size(64)
fn scan(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = params.first + group.x * 64u + local;
  let base = group.y * params.capacity;
  let begin = group.y * params.segmentRows;
  let end = min(params.count, begin + params.segmentRows);
  let own = halves[row];
  var length = 0u;
  var limit = 3.0e38;
  for (var column = begin; column < end; column += COLUMNS) {
    var sum0 = vec4f(0.0);
    var sum1 = vec4f(0.0);
    var sum2 = vec4f(0.0);
    var sum3 = vec4f(0.0);
    for (var quad = 0u; quad < params.quads; quad += DEPTH) {
      let depth = min(DEPTH, params.quads - quad);
      workgroupBarrier();
      for (var at = local; at < depth * COLUMNS; at += 64u) {
        tile[at] = rows[(quad + at / COLUMNS) * params.stride + column + at % COLUMNS];
      }
      if (local < 4u) {
        let place = column + local * 4u;
        tileHalves[local] = vec4f(halves[place], halves[place + 1u], halves[place + 2u], halves[place + 3u]);
      }
      workgroupBarrier();
      for (var step = 0u; step < depth; step++) {
        let a = rows[(quad + step) * params.stride + row];
        let b = step * COLUMNS;
        sum0 += vec4f(dot(a, tile[b]), dot(a, tile[b + 1u]), dot(a, tile[b + 2u]), dot(a, tile[b + 3u]));
        sum1 += vec4f(dot(a, tile[b + 4u]), dot(a, tile[b + 5u]), dot(a, tile[b + 6u]), dot(a, tile[b + 7u]));
        sum2 += vec4f(dot(a, tile[b + 8u]), dot(a, tile[b + 9u]), dot(a, tile[b + 10u]), dot(a, tile[b + 11u]));
        sum3 += vec4f(dot(a, tile[b + 12u]), dot(a, tile[b + 13u]), dot(a, tile[b + 14u]), dot(a, tile[b + 15u]));
      }
    }
    sum0 = own + tileHalves[0] - sum0;
    sum1 = own + tileHalves[1] - sum1;
    sum2 = own + tileHalves[2] - sum2;
    sum3 = own + tileHalves[3] - sum3;
    let low = min(min(sum0, sum1), min(sum2, sum3));
    if (row < params.count && min(min(low.x, low.y), min(low.z, low.w)) < limit) {
      for (var place = 0u; place < min(COLUMNS, end - column); place++) {
        let sums = select(select(sum3, sum2, place < 12u), select(sum1, sum0, place < 4u), place < 8u);
        let half = sums[place % 4u];
        if (half < limit && column + place != row) {
          limit = offer(base, row, &length, half, column + place, limit);
        }
      }
    }
  }
  if (row < params.count) {
    lengths[group.y * params.stride + row] = length;
  }
}

/** Half of the squared distance of two rows, by differences. */
fn measurePair(a: u32, b: u32) -> f32 {
  var sum = vec4f(0.0);
  for (var quad = 0u; quad < params.quads; quad++) {
    let difference = rows[quad * params.stride + a] - rows[quad * params.stride + b];
    sum += difference * difference;
  }
  let half = 0.5 * (sum.x + sum.y + (sum.z + sum.w));
  // What is left of parallel rows of length 1 is rounding.
  return select(half, 0.0, params.metric == 0u && half < 1e-14);
}

@compute @workgroup_size(64)
fn finish(@builtin(global_invocation_id) id: vec3u) {
  let row = params.first + id.x;
  if (row >= params.count) {
    return;
  }
  var size = 0u;
  for (var segment = 0u; segment < params.segments; segment++) {
    let length = lengths[segment * params.stride + row];
    for (var candidate = 0u; candidate < length; candidate++) {
      let other = lists[(segment * params.capacity + candidate) * params.stride + row].y;
      let key = bitcast<u32>(measurePair(row, other));
      var place = size;
      if (size == params.neighbors) {
        place -= 1u;
        let worst = best[place * params.stride + row];
        if (key > worst.x || (key == worst.x && other > worst.y)) {
          continue;
        }
      } else {
        size += 1u;
      }
      while (place > 0u) {
        let before = best[(place - 1u) * params.stride + row];
        if (before.x < key || (before.x == key && before.y < other)) {
          break;
        }
        best[place * params.stride + row] = before;
        place -= 1u;
      }
      best[place * params.stride + row] = vec2u(key, other);
    }
  }
}
