/** The closed set of error codes (docs/errors.md explains each; a test keeps the two equal). */
export const errorCodes = [
  'MODEL_NOT_FOUND',
  'NO_ONNX_FILE',
  'NOT_ONNX',
  'TRUNCATED',
  'WRONG_HASH',
  'EXTERNAL_DATA_MISSING',
  'NO_ATTENTION_FOUND',
  'NOT_SEGMENTATION',
  'UNSUPPORTED_OP',
  'CONTROL_FLOW',
  'NEEDS_OTHER_INPUT',
  'DTYPE_UNSUPPORTED',
  'TOO_BIG',
  'TAP_LOST',
  'SHAPE_SURPRISE',
  'VERIFY_FAILED',
  'TOKENIZER_FAILED',
  'IMAGE_FAILED',
  'INPUT_EMPTY',
  'INPUT_TOO_LONG',
  'NETWORK',
  'NETWORK_LOCKED',
  'DEVICE_LOST',
  'OUT_OF_MEMORY',
  'WORKER_CRASHED',
  'TIMEOUT',
  'QUOTA',
  'CACHE_CORRUPT',
  'BAD_LINK',
  'BAD_SESSION',
  'BAD_ARGUMENT',
  'CANCELLED',
  'NOT_AVAILABLE',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** The one error type that users and scripts see: a code of the catalogue and one sentence (what, why, what to do). */
export class AppError extends Error {
  readonly code: ErrorCode
  /** Numbers and names for the "details" fold; never needed to understand the message. */
  readonly details: string | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details
  }
}

export const isAppError = (value: unknown): value is AppError => value instanceof AppError

/** Whatever was thrown, as an AppError; `fallback` names the code for what is not one yet. */
export function toAppError(value: unknown, fallback: ErrorCode): AppError {
  if (isAppError(value)) return value
  const message = value instanceof Error ? value.message : String(value)
  return new AppError(fallback, message, { cause: value })
}
