import { createGraph } from './make-onnx'

/**
 * A tiny segmentation model under the paths of the Hub: its three classes are the colour channels, scored at a quarter of the
 * 32 × 32 pixels that it sees. Its processor stretches a picture to a square, or crops its middle.
 */
export function segmentationFiles({
  crop = false,
  names = ['red', 'green', 'blue'],
}: { crop?: boolean; names?: readonly string[] | null } = {}): Record<string, Uint8Array<ArrayBuffer>> {
  const graph = createGraph()
  const pixels = graph.input('pixel_values', ['batch', 3, 'height', 'width'])
  const identity = graph.floats([3, 3, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1])
  const small = graph.node('AveragePool', [pixels], { kernel_shape: [4, 4], strides: [4, 4] })
  graph.output(graph.node('Conv', [small, identity], { kernel_shape: [1, 1] }, ['logits']))
  const json = (value: object) => new TextEncoder().encode(JSON.stringify(value))
  return {
    'config.json': json({ model_type: 'segformer', ...(names && { id2label: { ...names } }) }),
    'preprocessor_config.json': json({
      image_processor_type: 'SegformerFeatureExtractor',
      do_normalize: true,
      image_mean: [0.485, 0.456, 0.406],
      image_std: [0.229, 0.224, 0.225],
      do_resize: true,
      resample: 2,
      size: crop ? { shortest_edge: 32 } : { height: 32, width: 32 },
      ...(crop && { do_center_crop: true, crop_size: { height: 32, width: 32 } }),
    }),
    'onnx/model.onnx': new Uint8Array(graph.finish()),
  }
}
