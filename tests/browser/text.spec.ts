/**
 * The same numbers in prose, matrix and table: random cells against what the element answers, pieces and words, the
 * keyboard, 512 tokens, and a text that is longer than the scene.
 */
import AxeBuilder from '@axe-core/playwright';
import type { Locator } from '@playwright/test';
import { expect, inViewer, type MatrixCopy, openExplorer, setText, test, weightsOf } from './support';

test.use({ reducedMotion: 'reduce' } as object);

const [LAYER, HEAD, QUERY] = [3, 1, 10];
const SEVEN = Array.from({ length: 7 }, (_, i) => i);

/** A measure's numbers as the element's methods give them. */
function numbersOf(viewer: Locator, name: string): Promise<{ rows: number; cols: number; data: number[] }> {
  return inViewer(
    viewer,
    async (element, [measure, layer, head]: readonly [string, number, number]) => {
      const isAggregate = ['mean', 'max', 'rollout'].includes(measure);
      const matrix: MatrixCopy = isAggregate
        ? await element.aggregate(measure, { layer })
        : await element.attention(layer, head, { measure });
      return { rows: matrix.rows, cols: matrix.cols, data: [...matrix.data] };
    },
    [name, LAYER, HEAD] as const,
  );
}

/** Brings a view on the stage. A first visit's hints would lie over it. */
const view = (viewer: Locator, name: string): Promise<number> =>
  inViewer(
    viewer,
    (element, value: string) => {
      Object.assign(element, { hints: false, view: value });
      return element.settled();
    },
    name,
  );

const chooseMeasure = (viewer: Locator, menu: string, name: string): Promise<void> =>
  viewer.getByRole('radiogroup', { name: menu }).locator(`input[value="${name}"]`).check();

const valueIn = async (scope: Locator, query: number, key: number): Promise<number> =>
  Number(await scope.locator(`[data-query="${query}"][data-key="${key}"] data`).getAttribute('value'));

/** Repeatable, and different for every seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (const [where, menu] of [
  ['matrix', 'Matrix shows'],
  ['table', 'Table shows'],
] as const) {
  test(`${where}: every measure shows the element's own numbers`, async ({ page }) => {
    const viewer = await openExplorer(page);
    await view(viewer, where);
    const grid = viewer.getByRole('grid').and(viewer.locator('[data-layer]'));
    const table = viewer.locator('table.weights');
    for (const name of ['scores', 'value-weighted', 'mean', 'max', 'rollout', 'weights']) {
      await chooseMeasure(viewer, menu, name);
      await inViewer(viewer, (element) => element.settled());
      const { cols, data } = await numbersOf(viewer, name);
      const pick = random(name.length);
      for (const scope of [grid, table]) {
        await expect(scope).toHaveAttribute('data-measure', name);
        for (const _ of SEVEN) {
          const [query, key] = [pick(cols), pick(cols)];
          expect(await valueIn(scope, query, key), `${name} ${query} ${key}`).toBe(data[query * cols + key]);
        }
      }
      // Many heads are not one: the title says whose numbers these are.
      const title = viewer.locator('attn-head-matrix h2');
      if (['mean', 'max'].includes(name)) await expect(title).toHaveText('All heads of layer 3');
      else if (name === 'rollout') await expect(title).toHaveText('All heads up to layer 3');
      else await expect(title).toHaveText('Layer 3, head 1');
      // The legend's ends are the scale that cells are drawn on.
      const ends = await viewer
        .locator('attn-head-matrix .light-scale data')
        .evaluateAll((ticks) => ticks.map((tick) => Number((tick as HTMLDataElement).value)));
      const largest = Math.max(...data.map(Math.abs));
      const least = name === 'scores' ? -largest : 0;
      expect([ends.at(0), ends.at(-1)]).toEqual([least, name === 'scores' || name === 'value-weighted' ? largest : 1]);
    }
  });
}

test('a difference shows one text’s weights minus the other’s, in matrix and table', async ({ page }) => {
  const viewer = await openExplorer(page);
  const other = "The animal didn't cross the street because it was too wide.";
  const first = await weightsOf(viewer, LAYER, HEAD);
  const text = await inViewer(viewer, (element) => element.text);
  await setText(viewer, other);
  const second = await weightsOf(viewer, LAYER, HEAD);
  await inViewer(
    viewer,
    async (element, [one, two]: readonly [string, string]) => {
      const wanted = { v: '1', text: one, layer: '3', head: '1', query: '10', view: 'matrix', compare: `text:${two}` };
      Object.assign(element, { fragment: new URLSearchParams(wanted).toString() });
      await element.settled();
    },
    [text, other] as const,
  );
  await chooseMeasure(viewer, 'Matrix shows', 'difference');
  await inViewer(viewer, (element) => element.settled());
  const n = first.cols;
  const pick = random(5);
  for (const scope of [viewer.locator('[role=grid][data-measure=difference]'), viewer.locator('table.weights')]) {
    for (const _ of SEVEN) {
      const [query, key] = [pick(n), pick(n)];
      const expected = (first.data[query * n + key] ?? Number.NaN) - (second.data[query * n + key] ?? Number.NaN);
      expect(await valueIn(scope, query, key)).toBeCloseTo(expected, 6);
    }
  }
  await expect(viewer.locator('attn-head-matrix').getByRole('rowheader', { name: 'tired / wide' })).toBeAttached();
});

test('prose: rows, columns, pieces and words carry the weights, and a click chooses', async ({ page }) => {
  const viewer = await openExplorer(page);
  await setText(viewer, "The tokenizer didn't care: it read on.");
  await view(viewer, 'text');
  const text = viewer.locator('attn-text-view');
  const { cols: n, data } = await weightsOf(viewer, LAYER, HEAD);
  const tokens = await inViewer(viewer, (element) => element.tokenList.map(({ piece }) => piece));
  const first = tokens.findIndex((piece, i) => piece === 'token' && (tokens[i + 1] ?? '').startsWith('##'));
  expect(first).toBeGreaterThan(0);
  let end = first + 1;
  while (tokens[end]?.startsWith('##')) ++end;
  const button = (index: number) => text.locator(`button[data-index="${index}"]`);
  const caption = text.locator('.said data[data-name=weight]');
  const pointed = async (index: number) => {
    await button(index).hover();
    await expect(button(index)).toHaveClass(/lit/);
    return Number(await caption.getAttribute('value'));
  };
  const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
  const pieces = Array.from({ length: end - first }, (_, i) => first + i);

  await button(first).click();
  await expect.poll(() => inViewer(viewer, (element) => element.queryIndex)).toBe(first);
  const row = (key: number) => data[first * n + key] ?? Number.NaN;
  expect(await pointed(first + 1)).toBeCloseTo(sum(pieces.map(row)), 6);
  expect(await pointed(1)).toBe(row(1));
  await text.getByRole('switch', { name: 'Whole words' }).click();
  expect(await pointed(first + 1)).toBe(row(first + 1));

  await text.getByRole('button', { name: 'Who looks at it' }).click();
  await button(1).click();
  await expect.poll(() => inViewer(viewer, (element) => element.keyIndex)).toBe(1);
  const column = (query: number) => data[query * n + 1] ?? Number.NaN;
  expect(await pointed(first + 1)).toBe(column(first + 1));
  await text.getByRole('switch', { name: 'Whole words' }).click();
  expect(await pointed(first)).toBeCloseTo(sum(pieces.map(column)) / pieces.length, 6);

  // Everything that is printed under the text is some word's weight.
  const printed = await text
    .locator('.prose data')
    .evaluateAll((all) =>
      all.map((one) => [
        [...(one.closest('.group')?.querySelectorAll('button') ?? [])].map((piece) => Number(piece.dataset['index'])),
        Number((one as HTMLDataElement).value),
      ]),
    );
  expect(printed.length).toBeGreaterThan(2);
  for (const [group, value] of printed as [number[], number][])
    expect(value).toBeCloseTo(sum(group.map(column)) / group.length, 6);
});

test('prose by keyboard: arrows walk, Enter chooses', async ({ page }) => {
  const viewer = await openExplorer(page);
  await view(viewer, 'text');
  const text = viewer.locator('attn-text-view');
  await text.locator(`button[data-index="${QUERY}"]`).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(text.locator(`button[data-index="${QUERY - 1}"]`)).toBeFocused();
  expect(await inViewer(viewer, (element) => element.queryIndex)).toBe(QUERY);
  await page.keyboard.press('Enter');
  await expect.poll(() => inViewer(viewer, (element) => element.queryIndex)).toBe(QUERY - 1);
  await expect(text.locator('button[aria-pressed=true][data-index]')).toHaveAttribute('data-index', String(QUERY - 1));
  await page.keyboard.press('End');
  await expect(text.locator('button[data-index="15"]')).toBeFocused();
  await expect(text.locator('.piece[tabindex="0"]')).toHaveCount(1);
});

test('the table at 512 tokens: right counts, any cell by keyboard, focus that stays while scrolling', async ({
  page,
}) => {
  test.setTimeout(120_000);
  const viewer = await openExplorer(page);
  await setText(viewer, `${'one two three four five six '.repeat(85)}`.trim());
  expect(await inViewer(viewer, (element) => element.tokenList.length)).toBe(512);
  await view(viewer, 'table');
  const table = viewer.locator('table.weights');
  await expect(table).toHaveAttribute('aria-rowcount', '513');
  await expect(table).toHaveAttribute('aria-colcount', '513');
  expect(await table.locator('td').count()).toBeLessThan(3000);
  const { data } = await weightsOf(viewer, LAYER, HEAD);

  await table.locator('td[tabindex="0"]').focus();
  await page.keyboard.press('Control+End');
  const last = table.locator('[aria-rowindex="513"] > [aria-colindex="513"]');
  await expect(last).toBeFocused();
  expect(await valueIn(table, 511, 511)).toBe(data[511 * 512 + 511]);
  await page.keyboard.press('PageUp');
  await page.keyboard.press('ArrowLeft');
  const cell = table.locator('[aria-rowindex="503"] > [aria-colindex="512"]');
  await expect(cell).toBeFocused();
  expect(await valueIn(table, 501, 510)).toBe(data[501 * 512 + 510]);

  const scroller = viewer.locator('attn-weights-table .scroller');
  const pick = random(512);
  for (const _ of SEVEN) {
    const [query, key] = [pick(500), pick(500)];
    await scroller.evaluate((element, [top, left]) => element.scrollTo(left ?? 0, top ?? 0), [query * 26, key * 82]);
    const seen = table.locator(`[data-query="${query}"][data-key="${key}"]`);
    await expect(seen).toBeInViewport();
    await expect(seen).toHaveAttribute('aria-colindex', String(key + 2));
    await expect(table.locator(`tr[aria-rowindex="${query + 2}"]`)).toHaveCount(1);
    expect(await valueIn(table, query, key)).toBe(data[query * 512 + key]);
    // Where it belongs: the header above it and the one beside it are its own.
    const [box, header] = [
      await seen.boundingBox(),
      await table.locator(`thead [aria-colindex="${key + 2}"]`).boundingBox(),
    ];
    expect(Math.abs((box?.x ?? 0) - (header?.x ?? 99))).toBeLessThan(1);
    await expect(cell).toBeFocused();
  }

  // The same holds for the matrix.
  await view(viewer, 'matrix');
  const square = viewer.locator('[role=grid] [tabindex="0"][data-query="501"][data-key="510"]');
  await square.focus();
  const field = viewer.locator('attn-head-matrix .scroller');
  for (const at of [0, 4000, 9000, 0]) {
    await field.evaluate((element, place) => element.scrollTo(place, place), at);
    await expect(viewer.locator(`[role=grid] [data-query="${Math.floor(at / 26) + 3}"]`).first()).toBeAttached();
    await expect(square).toBeFocused();
  }
  await expect(viewer.getByRole('grid').and(viewer.locator('[data-layer]'))).toHaveAttribute('aria-colcount', '513');
});

/** A saved run of one head: token i looks at the five tokens up to i. */
async function longTrace(viewer: Locator, n: number): Promise<void> {
  await inViewer(
    viewer,
    async (element, count: number) => {
      const weights = new Float32Array(count * count);
      for (let query = 0; query < count; ++query) {
        const first = Math.max(0, query - 4);
        for (let key = first; key <= query; ++key) weights[query * count + key] = 1 / (query - first + 1);
      }
      const tokens = Array.from({ length: count }, (_, i) => `t${i}`);
      const header = JSON.stringify({
        __metadata__: { format: 'attention-trace', version: '1', tokens: JSON.stringify(tokens) },
        'layers.0.weights': { dtype: 'F32', shape: [1, count, count], data_offsets: [0, 4 * count * count] },
      });
      const bytes = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8));
      const size = new DataView(new ArrayBuffer(8));
      size.setBigUint64(0, BigInt(bytes.length), true);
      await element.load(new File([size.buffer, bytes, weights], 'long.safetensors'));
      await element.settled();
    },
    n,
  );
}

test('flow lights the text piece by piece, from the chosen token through all layers', async ({ page }) => {
  const viewer = await openExplorer(page);
  await view(viewer, 'text');
  const panel = viewer.locator('attn-text-view');
  await panel.getByRole('button', { name: 'Flow', exact: true }).click();
  await inViewer(viewer, (element) => element.settled());
  await expect(panel.getByRole('heading')).toHaveText('All layers and heads');
  await expect(panel.getByRole('switch')).toBeDisabled();
  const printed = panel.locator('data[data-name=flow]');
  const flow = Number(await printed.getAttribute('value'));
  // No more comes through than leaves the chosen token, or enters the other one.
  expect(flow).toBeGreaterThan(0);
  expect(flow).toBeLessThanOrEqual(1);
  const rolled = await inViewer(
    viewer,
    async (element, [query, key]: readonly [number, number]) => {
      const { cols, data } = await element.aggregate('rollout', { layer: 5 });
      return data[query * cols + key] ?? Number.NaN;
    },
    [QUERY, 2] as const,
  );
  await inViewer(viewer, (element) => {
    Object.assign(element, { layer: 5, keyIndex: 2 });
    return element.settled();
  });
  await expect(printed, 'it is of all layers, whichever is chosen').toHaveAttribute('value', String(flow));
  expect(flow, 'what is shared out on the way down is one of the flows').toBeGreaterThanOrEqual(rolled - 1e-6);
  await setText(viewer, 'word '.repeat(70));
  await expect(panel).toContainText('Flow is computed up to 64 tokens; this text has 72.');
});

test('a text longer than the scene: the strip says which part is there, and moves the choice', async ({ page }) => {
  const viewer = await openExplorer(page);
  const strip = viewer.getByRole('slider', { name: 'The chosen token, in the whole text' });
  await expect(strip).toHaveCount(0);
  await longTrace(viewer, 600);
  await expect(strip).toHaveAttribute('aria-valuemax', '599');
  await expect(strip).toHaveAttribute('aria-valuenow', String(QUERY));
  const said = viewer.locator('attn-window-strip .in-scene');
  await expect(said).toHaveText('64 of 600 tokens in the scene');
  const [whole, frame] = [await strip.boundingBox(), await strip.locator('.window').boundingBox()];
  expect((frame?.width ?? 0) / (whole?.width ?? 1)).toBeCloseTo(64 / 600, 2);

  await strip.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => inViewer(viewer, (element) => element.queryIndex)).toBe(QUERY + 1);
  await page.keyboard.press('End');
  await expect(strip).toHaveAttribute('aria-valuetext', 't599, token 599 of 600');
  await strip.click({ position: { x: (whole?.width ?? 0) * (300.5 / 600), y: 8 } });
  await expect.poll(() => inViewer(viewer, (element) => element.queryIndex)).toBe(300);
  // Only where it looks is there light: a few columns of pixels, left of the mark.
  await inViewer(viewer, (element) => element.settled());
  const lit = await strip.locator('canvas').evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const pixels = (element as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    const isTall = (x: number) => (pixels[((height - 6) * width + x) * 4 + 3] ?? 0) > 0;
    return Array.from({ length: width }, (_, x) => x / width).filter((_, x) => isTall(x));
  });
  expect(lit.length).toBeGreaterThan(0);
  for (const at of lit) {
    expect(at).toBeGreaterThan(295 / 600);
    expect(at).toBeLessThan(301.5 / 600);
  }

  // A saved run of weights alone has no scores: it says so, and shows what it has.
  await view(viewer, 'matrix');
  const scores = viewer.getByRole('radio', { name: /^Scores.*not measurable/ }).first();
  await expect(scores).toBeDisabled();
  await chooseMeasure(viewer, 'Matrix shows', 'rollout');
  await inViewer(viewer, (element) => element.settled());
  await expect(viewer.locator('[role=grid][data-layer]')).toHaveAttribute('data-measure', 'rollout');
});

test('a text that fits is whole in the scene, and has no strip', async ({ page }) => {
  const viewer = await openExplorer(page);
  await setText(viewer, 'word '.repeat(90));
  await expect(viewer.locator('attn-window-strip')).toBeEmpty();
  await setText(viewer, 'word '.repeat(118));
  await expect(viewer.locator('attn-window-strip .in-scene')).toHaveText('64 of 120 tokens in the scene');
});

for (const colorScheme of ['dark', 'light'] as const) {
  for (const [name, panel, measure] of [
    ['text', 'attn-text-view', 'weights'],
    ['matrix', 'attn-head-matrix', 'scores'],
    ['table', 'attn-weights-table', 'rollout'],
  ] as const) {
    test(`axe finds nothing serious in the ${name}, ${colorScheme}`, async ({ page }) => {
      test.setTimeout(120_000);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const viewer = await openExplorer(page);
      await setText(viewer, 'The tokenizer played on.');
      await view(viewer, name);
      await chooseMeasure(viewer, name === 'table' ? 'Table shows' : 'Matrix shows', measure);
      await inViewer(viewer, (element) => element.settled());
      const { violations, passes } = await new AxeBuilder({ page })
        .include({ fromShadowDom: ['attention-viewer', panel] })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      expect(passes.length).toBeGreaterThan(5);
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(
        serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
      ).toEqual([]);
    });
  }
}
