import { storedRange } from './positions'
import { tileFill } from './projector'

/** Heads in one row of the head texture; each takes `headTexels` texels. */
export const headsPerRow = 256
export const headTexels = 3

/** Width of the texture that holds the emphasis of each slot. */
export const emphasisWidth = 1024

/**
 * Head texture, RGBA32F: 0: tile centre x, y, half width, half height (unzoomed canvas, CSS pixels);
 * 1: extents x, y of the target, of the origin; 2: travel 0…1, target turns (3-D) 0|1, origin turns 0|1, opacity 0…1.
 */
const common = /* glsl */ `
precision highp float;
precision highp int;
uniform highp sampler2D heads;
uniform vec4 camera; // scale x, y, offset x, y
uniform vec2 viewport; // CSS pixels
uniform float pixelRatio;
vec4 headTexel(int head, int texel) {
  return texelFetch(heads, ivec2((head % ${headsPerRow}) * ${headTexels} + texel, head / ${headsPerRow}), 0);
}
vec4 toClip(vec2 screen, float depth) {
  return vec4(screen.x / viewport.x * 2.0 - 1.0, 1.0 - screen.y / viewport.y * 2.0, depth, 1.0);
}
// The tile's inner edges in framebuffer pixels, snapped: left, bottom, right, top.
vec4 snappedTile(vec2 centre, vec2 halfSize) {
  vec2 low = vec2(centre.x - halfSize.x, viewport.y - centre.y - halfSize.y) * pixelRatio;
  vec2 high = vec2(centre.x + halfSize.x, viewport.y - centre.y + halfSize.y) * pixelRatio;
  return vec4(floor(low + 0.5), floor(high + 0.5));
}
`

export const pointVertex = /* glsl */ `${common}
uniform sampler2D palette;
uniform sampler2D emphases;
uniform sampler2D sizes; // as the emphases, of one head: 128ths of the usual diameter
uniform int sizedHead;
uniform int chunkSlots; // points are stored by chunk, head, slot
uniform int headCount;
uniform int firstHead;
uniform int focus;
uniform float focusMix;
uniform mat3 rotation;
uniform float pointSize; // CSS pixels
uniform float pointsInTile;
in vec4 target;
in vec4 origin;
in float color;
#ifdef SPRITES
in float cell;
uniform vec2 sheetCells; // columns, pixels of a cell
flat out vec3 sprite; // first texel, side in device pixels (0: none)
#endif
flat out vec4 paint;
flat out vec4 clip;
flat out vec4 shape; // sprite size, radius or half diagonal, rim width (all device pixels), key 0|1

vec3 turned(vec3 p, float turns) {
  return turns > 0.5 ? rotation * p : vec3(p.xy, 0.0);
}

void hide() {
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = 1.0;
  paint = vec4(0.0);
  clip = vec4(0.0);
  shape = vec4(1.0, 1.0, 0.0, 0.0);
#ifdef SPRITES
  sprite = vec3(0.0);
#endif
}

void main() {
  int inChunk = gl_VertexID % (chunkSlots * headCount);
  int head = firstHead + inChunk / chunkSlots;
  int slot = gl_VertexID / (chunkSlots * headCount) * chunkSlots + inChunk % chunkSlots;
  vec4 tile = headTexel(head, 0);
  vec4 extents = headTexel(head, 1);
  vec4 motion = headTexel(head, 2);
  vec2 centre = tile.xy * camera.xy + camera.zw;
  vec2 halfSize = tile.zw * camera.xy;
  float kind = floor(target.w * 65535.0 + 0.5);
  bool outside = any(greaterThan(abs(centre - viewport * 0.5), viewport * 0.5 + halfSize));
  if (kind < 0.5 || motion.w <= 0.0 || outside) {
    hide();
    return;
  }
  float unitTo = ${tileFill.toFixed(3)} * min(halfSize.x / max(extents.x, 1e-3), halfSize.y / max(extents.y, 1e-3));
  vec3 place = turned((target.xyz * 2.0 - 1.0) * ${storedRange.toFixed(1)}, motion.y);
  float depth = place.z * motion.y;
  vec2 offset = place.xy * unitTo;
  if (motion.x < 1.0) {
    float unitFrom = ${tileFill.toFixed(3)} * min(halfSize.x / max(extents.z, 1e-3), halfSize.y / max(extents.w, 1e-3));
    vec3 before = turned((origin.xyz * 2.0 - 1.0) * ${storedRange.toFixed(1)}, motion.z);
    offset = mix(before.xy * unitFrom, offset, motion.x);
    depth = mix(before.z * motion.z, depth, motion.x);
  }
  vec2 screen = centre + vec2(offset.x, -offset.y);

  float emphasis = floor(texelFetch(emphases, ivec2(slot % ${emphasisWidth}, slot / ${emphasisWidth}), 0).r * 255.0 + 0.5);
  float size = pointSize * (1.0 + 0.28 * clamp(depth, -1.3, 1.3));
  float sized = 1.0;
  if (head == sizedHead) sized = texelFetch(sizes, ivec2(slot % ${emphasisWidth}, slot / ${emphasisWidth}), 0).r * 255.0 / 128.0;
  size *= sized;
  // How often points would cover the picture: the more, the more they let through.
  float area = 4.0 * max(extents.x * unitTo, 2.0) * max(extents.y * unitTo, 2.0);
  float cover = pointsInTile * 0.7854 * pointSize * pointSize / area;
  float alpha = clamp(0.66 * pow(max(cover, 1e-3), -0.36), 0.16, 0.9);
  alpha *= mix(1.0, 0.45, smoothstep(0.4, -1.2, depth));
  float z = 0.0;
  if (emphasis < 0.5) {
    alpha = max(alpha * 0.08, 0.02);
    z = 0.2;
  } else if (emphasis > 1.5) {
    size = max(size * 1.3, 3.0);
    alpha = 1.0;
    z = -0.2;
  }
  vec4 colour = texelFetch(palette, ivec2(int(color + 0.5), 0), 0);
  paint = vec4(colour.rgb, colour.a * alpha * motion.w);

  bool key = kind > 1.5;
  float radius = 0.5 * size * pixelRatio * (key ? 1.26 : 1.0);
  float spriteSize = ceil(2.0 * radius + 1.5);
  shape = vec4(spriteSize, radius, smoothstep(4.0, 7.0, size) * pixelRatio, key ? 1.0 : 0.0);
  clip = head == focus ? vec4(-1e6, -1e6, 1e6, 1e6) : snappedTile(centre, halfSize);
  gl_PointSize = spriteSize;
#ifdef SPRITES
  sprite = vec3(0.0);
  // So large that patches cover about a third of the picture; where that is too small to see anything they stay points.
  float usual = clamp(sqrt(area / pointsInTile) * 0.55, 0.0, 28.0);
  if (cell < 65534.5 && usual >= 7.0) {
    float side = floor(usual * sized * pixelRatio);
    int index = int(cell + 0.5);
    int across = int(sheetCells.x);
    sprite = vec3(vec2(index % across, index / across) * sheetCells.y, side);
    paint.a = (emphasis < 0.5 ? 0.12 : 1.0) * motion.w;
    gl_PointSize = side;
  }
#endif
  gl_Position = toClip(screen, z);
}
`

export const pointFragment = /* glsl */ `
precision highp float;
flat in vec4 paint;
flat in vec4 clip;
flat in vec4 shape;
uniform vec3 rim;
#ifdef SPRITES
flat in vec3 sprite;
uniform sampler2D sheet;
uniform vec2 sheetCells;
uniform float outlined;
#endif
out vec4 fragment;
void main() {
  if (any(lessThan(gl_FragCoord.xy, clip.xy)) || any(greaterThan(gl_FragCoord.xy, clip.zw))) discard;
#ifdef SPRITES
  if (sprite.z > 0.0) {
    vec2 inward = min(gl_PointCoord, 1.0 - gl_PointCoord) * sprite.z;
    vec4 texel = texelFetch(sheet, ivec2(sprite.xy + min(gl_PointCoord * sheetCells.y, sheetCells.y - 1.0)), 0);
    bool framed = outlined > 0.5 && min(inward.x, inward.y) < max(1.5, sprite.z * 0.1);
    fragment = vec4(framed ? paint.rgb : texel.rgb, paint.a);
    return;
  }
#endif
  vec2 p = abs(gl_PointCoord - 0.5) * shape.x;
  // Signed distance to the edge in device pixels, negative inside.
  float edge = shape.w > 0.5 ? (p.x + p.y - shape.y) * 0.7071 : length(p) - shape.y;
  float inside = clamp(0.5 - edge, 0.0, 1.0);
  if (inside <= 0.0) discard;
  // Bigger points get a thin rim, which keeps neighbours apart.
  float ring = shape.z > 0.0 ? clamp(edge + 0.5 + shape.z, 0.0, 1.0) * min(1.0, shape.z) : 0.0;
  fragment = vec4(mix(paint.rgb, rim, ring * 0.55), paint.a * inside);
}
`

export const tileVertex = /* glsl */ `${common}
uniform int focus;
uniform float focusMix;
flat out vec4 edges;
flat out float strength;
void main() {
  int head = gl_VertexID / 6;
  int corner = gl_VertexID % 6;
  vec4 tile = headTexel(head, 0);
  vec2 centre = tile.xy * camera.xy + camera.zw;
  vec2 halfSize = tile.zw * camera.xy;
  edges = snappedTile(centre, halfSize);
  strength = (headTexel(head, 2).w > 0.0 ? 1.0 : 0.55) * (head == focus ? 1.0 - focusMix : 1.0);
  if (tile.z <= 0.0 || strength <= 0.0) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  vec2 unit = vec2(corner == 1 || corner == 2 || corner == 4 ? 1.0 : 0.0, corner == 2 || corner == 4 || corner == 5 ? 1.0 : 0.0);
  vec2 pixel = mix(edges.xy - 1.0, edges.zw + 1.0, unit);
  gl_Position = vec4(pixel / (viewport * pixelRatio) * 2.0 - 1.0, 0.5, 1.0);
}
`

export const tileFragment = /* glsl */ `
precision highp float;
flat in vec4 edges;
flat in float strength;
uniform vec4 line;
uniform float lineWidth; // device pixels
out vec4 fragment;
void main() {
  vec2 inward = min(gl_FragCoord.xy - edges.xy, edges.zw - gl_FragCoord.xy);
  float distance = min(inward.x, inward.y);
  if (distance < 0.0 || distance > lineWidth) discard;
  fragment = vec4(line.rgb, line.a * strength);
}
`
