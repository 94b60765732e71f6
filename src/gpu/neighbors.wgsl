// The exact k nearest neighbours of every row by brute force: the mirror of src/kernels/neighbors.as.ts.
//
// `scan` compares 64 rows with a segment of all rows, 16 at a time through workgroup memory, and keeps a sorted list of the
// nearest a row and segment. `finish` joins a row's lists. Ties go to the lower index. Distances are sums of squared
// differences: dot products would be half the work, but leave no digits of near pairs, which every real head has (tokens at the
// start of each sequence), and there is no float64 to measure them again.

struct Params {
  count: u32,
  /** Rows, rounded up to whole workgroups. */
  stride: u32,
  /** Columns of a row in fours. */
  quads: u32,
  neighbors: u32,
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
/** [segments][neighbors][stride] half squared distance (its bits), index; ascending. */
@group(0) @binding(2) var<storage, read_write> lists: array<vec2u>;
/** [segments][stride] */
@group(0) @binding(3) var<storage, read_write> lengths: array<u32>;
/** [neighbors][stride] half squared distance (its bits), index; ascending. */
@group(0) @binding(4) var<storage, read_write> best: array<vec2u>;

var<workgroup> tile: array<vec4f, 256>;

/** Offers one pair to a list; returns what the next pair must be below. */
fn offer(base: u32, row: u32, length: ptr<function, u32>, half: f32, other: u32, limit: f32) -> f32 {
  let key = bitcast<u32>(half);
  var place = *length;
  if (place == params.neighbors) {
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
  if (*length < params.neighbors) {
    return limit;
  }
  return bitcast<f32>(lists[(base + params.neighbors - 1u) * params.stride + row].x);
}

/** Squared distance of a part of a row from the same part of a row in the tile. */
fn apart(a: vec4f, at: u32) -> f32 {
  let difference = a - tile[at];
  return dot(difference, difference);
}

@compute @workgroup_size(64)
fn scan(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = params.first + group.x * 64u + local;
  let base = group.y * params.neighbors;
  let begin = group.y * params.segmentRows;
  let end = min(params.count, begin + params.segmentRows);
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
      workgroupBarrier();
      for (var step = 0u; step < depth; step++) {
        let a = rows[(quad + step) * params.stride + row];
        let b = step * COLUMNS;
        sum0 += vec4f(apart(a, b), apart(a, b + 1u), apart(a, b + 2u), apart(a, b + 3u));
        sum1 += vec4f(apart(a, b + 4u), apart(a, b + 5u), apart(a, b + 6u), apart(a, b + 7u));
        sum2 += vec4f(apart(a, b + 8u), apart(a, b + 9u), apart(a, b + 10u), apart(a, b + 11u));
        sum3 += vec4f(apart(a, b + 12u), apart(a, b + 13u), apart(a, b + 14u), apart(a, b + 15u));
      }
    }
    sum0 *= 0.5;
    sum1 *= 0.5;
    sum2 *= 0.5;
    sum3 *= 0.5;
    let low = min(min(sum0, sum1), min(sum2, sum3));
    if (row < params.count && min(min(low.x, low.y), min(low.z, low.w)) < limit) {
      for (var place = 0u; place < min(COLUMNS, end - column); place++) {
        let sums = select(select(sum3, sum2, place < 12u), select(sum1, sum0, place < 4u), place < 8u);
        // What is left of parallel rows of length 1 is rounding.
        let half = select(sums[place % 4u], 0.0, params.metric == 0u && sums[place % 4u] < 1e-14);
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
      let found = lists[(segment * params.neighbors + candidate) * params.stride + row];
      var place = size;
      if (size == params.neighbors) {
        place -= 1u;
        // Segments come by ascending index, and so do equal ones of a list.
        if (found.x >= best[place * params.stride + row].x) {
          break;
        }
      } else {
        size += 1u;
      }
      while (place > 0u) {
        let before = best[(place - 1u) * params.stride + row];
        if (before.x <= found.x) {
          break;
        }
        best[place * params.stride + row] = before;
        place -= 1u;
      }
      best[place * params.stride + row] = found;
    }
  }
}
