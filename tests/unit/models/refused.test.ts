import { describe, expect, test } from 'vitest'
import { examineEnds } from '../../../src/models/preflight'
import { createGraph, type GraphBuilder } from '../../helpers/make-onnx'

const channels = 8

const project = (graph: GraphBuilder, input: string) =>
  graph.node('MatMul', [input, graph.weight([channels, channels])])

/** One head of queries from one tensor, keys and values from another. */
function attend(graph: GraphBuilder, from: string, to: string): string {
  const keys = graph.node('Transpose', [project(graph, to)], { perm: [0, 2, 1] })
  const scores = graph.node('MatMul', [project(graph, from), keys])
  return graph.node('MatMul', [graph.node('Softmax', [scores], { axis: -1 }), project(graph, to)])
}

const convolve = (graph: GraphBuilder, input: string, from: number) =>
  graph.node('Relu', [graph.node('Conv', [input, graph.weight([channels, from, 3, 3])], { pads: [1, 1, 1, 1] })])

/** [B,C,H,W] as [B,H·W,C]. */
const flatten = (graph: GraphBuilder, input: string) =>
  graph.node('Transpose', [graph.node('Reshape', [input, graph.ints([0, channels, -1])])], { perm: [0, 2, 1] })

const models: Record<string, () => GraphBuilder> = {
  convolutional() {
    const graph = createGraph()
    graph.input('pixel_values', ['b', 3, 32, 32])
    const pooled = graph.node('Flatten', [
      graph.node('GlobalAveragePool', [convolve(graph, convolve(graph, 'pixel_values', 3), channels)]),
    ])
    graph.output(graph.node('Softmax', [graph.node('MatMul', [pooled, graph.weight([channels, 10])])], { axis: -1 }))
    return graph
  },
  diffusion() {
    const graph = createGraph()
    graph.input('sample', ['b', 4, 8, 8])
    graph.input('timestep', [1], 7)
    graph.input('encoder_hidden_states', ['b', 77, channels])
    const image = flatten(graph, convolve(graph, 'sample', 4))
    const self = graph.node('Add', [image, attend(graph, image, image)])
    graph.output(graph.node('Add', [self, attend(graph, self, 'encoder_hidden_states')]))
    return graph
  },
  speech() {
    const graph = createGraph()
    graph.input('input_features', ['b', 't', channels])
    const sound = project(graph, 'input_features')
    graph.output(attend(graph, sound, sound))
    return graph
  },
}

describe('Models that cannot be shown are refused before their download, in one sentence', () => {
  test.each([
    ['convolutional', 'NO_ATTENTION_FOUND', /No attention was found.*Choose a transformer/],
    ['diffusion', 'NEEDS_OTHER_INPUT', /picture generator/],
    ['speech', 'NEEDS_OTHER_INPUT', /sound/],
  ])('a %s model: %s', (name, code, words) => {
    const file = models[name]!().finish()
    const { problem } = examineEnds({ head: file, tail: new Uint8Array(0), length: file.length }, {}, 'auto', null)
    expect(problem).toMatchObject({ code, message: expect.stringMatching(words) as string })
    expect(problem!.message).toMatch(/^[A-Z].*\.$/)
  })
})
