/**
 * What every browser test shares: a page that fails the test on any console error, missing file or foreign request,
 * and typed access to the one viewer on it. Reads the element only through its public contract.
 */
import { test as base, expect, type Locator, type Page } from '@playwright/test';

export { expect };

/** A failure that a test provokes on purpose, so that the page's watcher lets it pass. */
export type Expected = (message: string) => boolean;

interface Fixtures {
  /** Messages that the test expects to see in the console; none by default. */
  expected: Expected[];
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter list.
  expected: async ({}, use) => {
    await use([]);
  },
  page: async ({ page, expected, baseURL }, use) => {
    const complaints: string[] = [];
    const complain = (message: string) => {
      if (!expected.some((accepts) => accepts(message))) complaints.push(message);
    };
    page.on('pageerror', (error) => complain(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') complain(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) complain(`status ${response.status()}: ${response.url()}`);
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(baseURL ?? '') && !url.startsWith('data:') && !url.startsWith('blob:')) {
        complain(`foreign request: ${url}`);
      }
    });
    await use(page);
    expect(complaints).toEqual([]);
  },
});

/** The parts of the element's contract that tests use. */
export interface ViewerElement extends Omit<HTMLElement, 'hidden'> {
  text: string;
  layer: number;
  head: number;
  queryIndex: number;
  keyIndex: number | null;
  view: string;
  interventions: unknown[];
  readonly status: string;
  readonly error: { code: string; message: string; expected: string; found: string; recoverable: boolean } | null;
  readonly revision: number;
  readonly modelInfo: Record<string, unknown> | null;
  readonly tokenList: {
    index: number;
    id: number | null;
    piece: string;
    text: string;
    start: number | null;
    end: number | null;
    special: boolean;
  }[];
  readonly backend: { source: string; module: string; precision: string; threads: number; tolerance: number };
  readonly calculation: Calculation | null;
  load(source: unknown, options?: { signal?: AbortSignal }): Promise<unknown>;
  settled(options?: { signal?: AbortSignal }): Promise<number>;
  attention(layer: number, head: number, options?: object): Promise<MatrixCopy>;
  hidden(layer: number): Promise<MatrixCopy>;
  aggregate(name: string, options?: object): Promise<MatrixCopy>;
  metrics(layer: number, head: number): Promise<Record<string, number | null>>;
  next(position: number, options?: object): Promise<Expectation[]>;
  cancel(): void;
}

/** A token that may come next. */
export interface Expectation {
  id: number;
  piece: string;
  logit: number;
  probability: number;
}

export interface MatrixCopy {
  rows: number;
  cols: number;
  data: Float32Array;
}

export interface Calculation {
  revision: number;
  layer: number;
  head: number;
  queryIndex: number;
  keyIndex: number;
  query: Float32Array | null;
  key: Float32Array | null;
  value: Float32Array | null;
  dot: number | null;
  scale: number | null;
  bias: number | null;
  score: number | null;
  rowMax: number | null;
  rowSum: number | null;
  weight: number;
  masked: boolean;
  output: Float32Array | null;
}

export const viewerOf = (page: Page): Locator => page.locator('attention-viewer');

/** Opens a page and waits for the example trace, the default model and the first live run. */
export async function openExplorer(page: Page, address = 'explore.html'): Promise<Locator> {
  await page.goto(address);
  const viewer = viewerOf(page);
  await viewer.evaluate((element) => (element as unknown as ViewerElement).settled());
  return viewer;
}

/** Runs `body` in the page with the element; its result must be plain data. */
export function inViewer<Result, Argument = undefined>(
  viewer: Locator,
  body: (element: ViewerElement, argument: Argument) => Result | Promise<Result>,
  argument?: Argument,
): Promise<Result> {
  return viewer.evaluate(body as never, argument as never) as Promise<Result>;
}

/** Types a text through the property and waits until everything shows it. */
export async function setText(viewer: Locator, text: string): Promise<void> {
  await inViewer(
    viewer,
    async (element, value: string) => {
      element.text = value;
      await element.settled();
    },
    text,
  );
}

/**
 * Does what opens a model or a trace, and waits until the element has said how that ended and shows it.
 * @returns the refusal, or null where it is open
 */
export async function opening(viewer: Locator, open: () => Promise<unknown>): Promise<Refusal | null> {
  const end = await viewer.evaluateHandle((element) => {
    const over = new Promise<Refusal | null>((resolve) => {
      element.addEventListener('modelload', () => resolve(null), { once: true });
      element.addEventListener('modelerror', (event) => resolve({ ...(event as CustomEvent).detail.error }), {
        once: true,
      });
    });
    return { over };
  });
  await open();
  const refusal = await end.evaluate(({ over }) => over);
  await inViewer(viewer, (element) => element.settled());
  return refusal;
}

export interface Refusal {
  code: string;
  message: string;
}

/** Drops files on the element, made in the page from what lies at these addresses of the site. */
export async function dropFrom(viewer: Locator, addresses: readonly string[]): Promise<void> {
  await viewer.getByRole('textbox', { name: 'Sentence' }).evaluate(async (target, paths) => {
    const dataTransfer = new DataTransfer();
    for (const path of paths) {
      const bytes = await (await fetch(path)).blob();
      dataTransfer.items.add(new File([bytes], path.split('/').at(-1) ?? ''));
    }
    const how = { dataTransfer, bubbles: true, composed: true, cancelable: true };
    for (const type of ['dragenter', 'dragover', 'drop']) target.dispatchEvent(new DragEvent(type, how));
  }, addresses);
}

/** One head's weights, as plain numbers. */
export function weightsOf(
  viewer: Locator,
  layer: number,
  head: number,
): Promise<{ rows: number; cols: number; data: number[] }> {
  return inViewer(
    viewer,
    async (element, [l, h]: readonly [number, number]) => {
      const { rows, cols, data } = await element.attention(l, h);
      return { rows, cols, data: [...data] };
    },
    [layer, head] as const,
  );
}

/** Between what was found and as many numbers from `offset` on. NaN counts as worst. */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>, offset = 0): number {
  let worst = 0;
  for (let i = 0; i < found.length; ++i) {
    const difference = Math.abs((found[i] as number) - (expected[offset + i] as number));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** Every `<data>` in a part of the shadow tree: name, index and the value as a number. */
export async function printedNumbers(
  scope: Locator,
): Promise<{ name: string | null; index: string | null; value: string; text: string }[]> {
  return scope.locator('data').evaluateAll((elements) =>
    elements.map((element) => ({
      name: element.getAttribute('data-name'),
      index: element.getAttribute('data-index'),
      value: (element as HTMLDataElement).value,
      text: element.textContent ?? '',
    })),
  );
}
