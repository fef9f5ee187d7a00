/** The error every engine call rejects with, and how failures travel as data. */
import type { ErrorCode, Failure } from './types';

/** A refusal by the core, a loader or the worker itself. The message is for the reader. */
export class EngineError extends Error implements Failure {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  readonly expected: string | null;
  readonly found: string | null;

  constructor({
    code,
    message,
    expected = null,
    found = null,
  }: Partial<Failure> & { code: ErrorCode; message: string }) {
    super(message);
    this.code = code;
    this.expected = expected;
    this.found = found;
  }
}

/** What cancelled work rejects with. */
export const aborted = (): DOMException => new DOMException('Cancelled.', 'AbortError');

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** Any error as data. What is no EngineError is a mistake of ours; its text is kept, so that it can be reported. */
export function failureOf(error: unknown): Failure {
  if (error instanceof EngineError) {
    return { code: error.code, message: error.message, expected: error.expected, found: error.found };
  }
  if (error instanceof RangeError && /memory|allocation/i.test(error.message)) {
    return { code: 'out-of-memory', message: 'There is not enough memory for this.', expected: null, found: null };
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'engine-died', message: `The engine failed: ${text}`, expected: null, found: null };
}
