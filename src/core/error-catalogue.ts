import type { ErrorCode } from './errors'

export interface ErrorEntry {
  /** A few words for the head of a card. */
  title: string
  /** What it means. */
  meaning: string
  /** What to do about it. */
  advice: string
}

/** The words for each code; docs/errors.md says the same (held by a test). */
export const errorCatalogue: Record<ErrorCode, ErrorEntry> = {
  MODEL_NOT_FOUND: {
    title: 'No such model',
    meaning: 'There is no model under this name, or it is private (a browser cannot tell the two apart).',
    advice: 'Check the spelling of owner/name, or choose a built-in model.',
  },
  NO_ONNX_FILE: {
    title: 'No fitting ONNX file',
    meaning: 'The model has no ONNX weights of the kind that was asked for.',
    advice: 'Choose another weight format, or a repository with an onnx/ folder.',
  },
  NOT_ONNX: {
    title: 'Not an ONNX file',
    meaning: 'What arrived is not an ONNX model: a web page, another format, or a damaged file.',
    advice: 'Download the file again, or choose another model.',
  },
  TRUNCATED: {
    title: 'The file is incomplete',
    meaning: 'The model file ends too early.',
    advice: 'Try again: the connection was probably cut.',
  },
  WRONG_HASH: {
    title: 'The file is damaged',
    meaning: 'The checksum of the file differs from the one that its host gives.',
    advice: 'Try again; if it happens twice, the file on the host is damaged.',
  },
  EXTERNAL_DATA_MISSING: {
    title: 'Weights are missing',
    meaning: 'The model keeps weights in a second file that is not there.',
    advice: 'Add the data file that belongs to the model.',
  },
  NO_ATTENTION_FOUND: {
    title: 'No attention found',
    meaning: 'The model has no attention that could be found in its graph.',
    advice: 'Choose a transformer model.',
  },
  NOT_SEGMENTATION: {
    title: 'No segmentation model',
    meaning:
      'Labels were asked of a model that does not say what each pixel of a picture is, or gives its classes no names.',
    advice: 'Choose a semantic segmentation model, or drop a mask or a table of labels.',
  },
  UNSUPPORTED_OP: {
    title: 'Unsupported kind of attention',
    meaning: 'The model computes attention in a way that is not supported yet.',
    advice: 'Choose another export of the model.',
  },
  CONTROL_FLOW: {
    title: 'Unsupported control flow',
    meaning: 'The model branches inside its graph in a way that is not supported yet.',
    advice: 'Choose an export without merged decoder.',
  },
  NEEDS_OTHER_INPUT: {
    title: 'The model needs another input',
    meaning: 'The model takes an input that this app does not make (audio, embeddings, …).',
    advice: 'Choose a text or image model.',
  },
  DTYPE_UNSUPPORTED: {
    title: 'Number format unsupported',
    meaning: 'The weights have a number format that this device cannot compute with.',
    advice: 'Choose fp32 or q8 weights.',
  },
  TOO_BIG: {
    title: 'Too big for this device',
    meaning: 'The model or the input needs more memory than a browser tab can have here.',
    advice: 'Choose smaller weights, or less input.',
  },
  TAP_LOST: {
    title: 'Queries and keys were lost',
    meaning: 'The runtime optimised away what the picture needs.',
    advice: 'Reload the model; if it happens again, choose the other backend.',
  },
  SHAPE_SURPRISE: {
    title: 'Unexpected shape',
    meaning: 'The model gave numbers of another shape than its graph says.',
    advice: 'Choose another export of the model.',
  },
  VERIFY_FAILED: {
    title: 'The self-test failed',
    meaning: 'What was read from the model does not give the attention that the model itself computes.',
    advice: 'Do not trust pictures of this file; choose another export.',
  },
  TOKENIZER_FAILED: {
    title: 'The tokenizer could not be used',
    meaning: "The model's tokenizer files are missing or cannot be read.",
    advice: 'Choose a repository with tokenizer.json.',
  },
  IMAGE_FAILED: {
    title: 'The image could not be read',
    meaning: 'The file is broken or no image format that this browser knows.',
    advice: 'Use JPEG, PNG or WebP.',
  },
  INPUT_EMPTY: {
    title: 'Nothing to show',
    meaning: 'There is no text or image left after blank lines are dropped.',
    advice: 'Type or paste at least one sentence.',
  },
  INPUT_TOO_LONG: {
    title: 'Too much input',
    meaning: 'The input is larger than this device can hold at once.',
    advice: 'Remove some of it; nothing that you typed is lost.',
  },
  NETWORK: {
    title: 'The network failed',
    meaning: 'A file could not be fetched.',
    advice: 'Check the connection and try again.',
  },
  NETWORK_LOCKED: {
    title: 'The network is locked',
    meaning: 'The lock stopped a request that nobody asked for.',
    advice: 'Open the lock only for a download that you want.',
  },
  DEVICE_LOST: {
    title: 'The graphics device was lost',
    meaning: 'The browser took the GPU away: a driver restart, or another program needed it.',
    advice: 'Try again, or choose the WASM backend.',
  },
  OUT_OF_MEMORY: {
    title: 'Out of memory',
    meaning: 'The browser tab ran out of memory.',
    advice: 'Use fewer sentences, smaller weights, or close other tabs.',
  },
  WORKER_CRASHED: {
    title: 'A background worker stopped',
    meaning: 'A background part of the app crashed and was started anew.',
    advice: 'Try again; your input is still there.',
  },
  TIMEOUT: {
    title: 'It took too long',
    meaning: 'Something gave no sign of life for too long and was stopped.',
    advice: 'Try again, with less input if it happens twice.',
  },
  QUOTA: {
    title: 'The disk space for this site is full',
    meaning: 'The browser lets this site store no more.',
    advice: 'Delete stored models or results.',
  },
  CACHE_CORRUPT: {
    title: 'A stored result was damaged',
    meaning: 'Something that was stored could not be read and was dropped.',
    advice: 'Nothing: it is computed again.',
  },
  BAD_LINK: {
    title: 'The link has a mistake',
    meaning: 'A value in the address is not understood and was ignored.',
    advice: 'Correct the value, or go on without.',
  },
  BAD_SESSION: {
    title: 'The session file cannot be opened',
    meaning: 'The file is no session of this app, or is damaged.',
    advice: 'Choose another file.',
  },
  BAD_ARGUMENT: {
    title: 'No such thing',
    meaning: 'A layer, head, sequence, kind or format was asked for that does not exist.',
    advice: 'Use a number or name that exists.',
  },
  CANCELLED: {
    title: 'Stopped',
    meaning: 'The work was stopped, by you or by a newer request.',
    advice: 'Start it again if you want the result.',
  },
  NOT_AVAILABLE: {
    title: 'Not available',
    meaning: 'This is not available here: not built yet, or not offered by this browser.',
    advice: 'See the message for what to use instead.',
  },
}
