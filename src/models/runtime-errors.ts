import { AppError, isAppError, type ErrorCode } from '../core/errors'

/** What the runtime says, and what it means for the user. First match wins. */
const meanings: { pattern: RegExp; code: ErrorCode; message: string }[] = [
  {
    pattern: /protobuf parsing failed|InvalidProtobuf/i,
    code: 'NOT_ONNX',
    message: 'The weight file is no readable ONNX file: choose another file or model.',
  },
  {
    pattern:
      /non-tensor typed value|Failed to find node output|does not exist in the graph|is not a graph input, initializer/i,
    code: 'TAP_LOST',
    message:
      'The runtime removed queries or keys of this model while it optimised the graph: choose another weight file of the model.',
  },
  {
    pattern: /requires f16 but the device does not support it/i,
    code: 'DTYPE_UNSUPPORTED',
    message: 'This GPU has no half precision: choose dtype=fp32, or backend=wasm.',
  },
  {
    pattern: /bad_alloc|out of memory|memory access out of bounds|allocation failed|failed to allocate|Aborted\(OOM/i,
    code: 'OUT_OF_MEMORY',
    message: 'There is not enough memory for this model or input: choose a smaller weight file, or less text.',
  },
  {
    pattern: /device (?:is |was )?lost|GPUDevice.*lost/i,
    code: 'DEVICE_LOST',
    message: 'The GPU went away during the work: try again, or choose backend=wasm.',
  },
  {
    pattern: /external data|external initializer|Deserialize tensor .* failed/i,
    code: 'EXTERNAL_DATA_MISSING',
    message:
      'A part of the weights (an external data file) is missing or too short: choose another weight file of the model.',
  },
  {
    pattern:
      /Could not find an implementation|is not a registered function\/op|No Op registered|not supported|Unrecognized attribute/i,
    code: 'UNSUPPORTED_OP',
    message:
      'The model uses an operator that the runtime does not have on this backend: try backend=wasm, or another weight file.',
  },
  {
    pattern: /Unexpected input data type|Got invalid (?:dimensions|rank)|is missing in 'feeds'|Missing Input/i,
    code: 'NEEDS_OTHER_INPUT',
    message:
      'The model wants an input of another shape or type than this app can give: choose another weight file of the model.',
  },
  {
    pattern:
      /Failed to fetch|NetworkError|fetching of the wasm failed|dynamically imported module|no available backend found/i,
    code: 'NETWORK',
    message: 'The model runtime could not be fetched from this site: check the connection and try again.',
  },
]

/** An error of the runtime as one sentence; its own text goes to the details. */
export function explainRuntimeError(error: unknown, lost: string | null): AppError {
  if (isAppError(error)) return error
  const text = error instanceof Error ? error.message : String(error)
  if (lost !== null) {
    return new AppError('DEVICE_LOST', 'The GPU went away during the work: try again, or choose backend=wasm.', {
      cause: error,
      details: `${lost}\n${text}`,
    })
  }
  const known = meanings.find(({ pattern }) => pattern.test(text))
  if (known) return new AppError(known.code, known.message, { cause: error, details: text })
  return new AppError(
    'UNSUPPORTED_OP',
    'The runtime could not run this model: try another weight file or backend=wasm.',
    { cause: error, details: text },
  )
}
