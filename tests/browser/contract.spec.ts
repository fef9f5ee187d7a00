/**
 * The element's public contract: properties, methods, events and document hooks, and what is refused.
 */
import { expect, inViewer, openExplorer, setText, test, viewerOf } from './support';

test('opens with the example trace, then with the live model', async ({ page }) => {
  await page.goto('explore.html');
  const viewer = viewerOf(page);
  await expect(viewer).toHaveCount(1);
  await expect.poll(() => inViewer(viewer, (element) => element.tokenList.length)).toBe(16);
  await inViewer(viewer, (element) => element.settled());
  await expect(viewer).not.toHaveAttribute('aria-busy', 'true');
  const seen = await inViewer(viewer, (element) => ({
    status: element.status,
    error: element.error,
    info: element.modelInfo,
    backend: element.backend,
    text: element.text,
    layer: element.layer,
    head: element.head,
    token: element.tokenList[element.queryIndex]?.text,
    key: element.tokenList[element.calculation?.keyIndex ?? 0]?.text,
    weight: element.calculation?.weight,
  }));
  expect(seen).toMatchObject({
    status: 'ready',
    error: null,
    info: {
      name: 'all-minilm-l6-v2',
      family: 'bert',
      nLayers: 6,
      nHeads: 12,
      dModel: 384,
      dHead: 32,
      nCtx: 512,
      causal: false,
    },
    backend: { source: 'model', precision: 'f32', threads: 1 },
    layer: 3,
    head: 1,
    token: 'it',
    key: 'animal',
  });
  expect(seen.weight).toBeCloseTo(0.68, 2);
  const part = viewer.locator('[part~="backend"]');
  await expect(part).toHaveAttribute('data-module', String(seen.backend.module));
  await expect(part).toHaveAttribute('data-precision', 'f32');
});

test('tokens carry ids, pieces and UTF-16 ranges of the text', async ({ page }) => {
  const viewer = await openExplorer(page);
  const text = 'Zoë 👩‍👩‍👧 naïve unaffable שלום';
  await setText(viewer, text);
  const tokens = await inViewer(viewer, (element) => element.tokenList.map((token) => ({ ...token })));
  expect(tokens[0]).toMatchObject({ index: 0, id: 101, piece: '[CLS]', start: null, end: null, special: true });
  expect(tokens.at(-1)).toMatchObject({ id: 102, piece: '[SEP]', special: true });
  let last = 0;
  for (const token of tokens.slice(1, -1)) {
    expect(token.special).toBe(false);
    expect(token.start).toBeGreaterThanOrEqual(last);
    expect(token.end).toBeGreaterThan(token.start ?? Infinity);
    expect(token.text).toBe(text.slice(token.start ?? 0, token.end ?? 0));
    last = token.start ?? Infinity;
  }
});

test('the document says what the element knows', async ({ page }) => {
  const viewer = await openExplorer(page);
  const tokens = viewer.getByRole('listbox', { name: 'Tokens' });
  await expect(tokens.getByRole('option')).toHaveCount(16);
  await expect(tokens.locator('[data-index="10"]')).toHaveAttribute('aria-selected', 'true');
  const grid = viewer.getByRole('grid').and(viewer.locator('[data-layer]')).first();
  await expect(grid).toHaveAttribute('data-layer', '3');
  await expect(grid).toHaveAttribute('data-head', '1');
  await expect(grid).toHaveAttribute('aria-rowcount', '17');
  await expect(grid).toHaveAttribute('aria-colcount', '17');
  await expect(viewer.getByRole('textbox', { name: 'Sentence' })).toHaveValue(/^The animal/);
  await expect(viewer.locator('input[type=file]')).toHaveCount(1);
  await expect(viewer.getByRole('status').first()).toBeAttached();
});

test('typing runs the model on the new text, and events tell of it', async ({ page }) => {
  const viewer = await openExplorer(page);
  await inViewer(viewer, (element) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    for (const name of ['runcomplete', 'statechange', 'tokenselect', 'modelerror']) {
      document.addEventListener(name, (event) => seen.push(`${name} ${JSON.stringify((event as CustomEvent).detail)}`));
    }
    void element;
  });
  const before = await inViewer(viewer, (element) => element.revision);
  const box = viewer.getByRole('textbox', { name: 'Sentence' });
  await box.fill('She poured water into the cup.');
  const after = await inViewer(viewer, (element) => element.settled());
  expect(after).toBeGreaterThan(before);
  expect(await inViewer(viewer, (element) => element.text)).toBe('She poured water into the cup.');
  await expect(viewer.getByRole('option')).toHaveCount(9);
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(seen.some((line) => line.startsWith('runcomplete') && /"computeMs":\d/.test(line))).toBe(true);
  expect(seen.some((line) => line.startsWith('tokenselect'))).toBe(false);
  await viewer.getByRole('option').nth(2).click();
  const later = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(later.some((line) => line.startsWith('tokenselect'))).toBe(true);
});

test('input-method composition runs nothing until it ends', async ({ page }) => {
  const viewer = await openExplorer(page);
  const before = await inViewer(viewer, (element) => element.revision);
  const box = viewer.getByRole('textbox', { name: 'Sentence' });
  await box.evaluate((element) => {
    const area = element as HTMLTextAreaElement;
    area.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true, composed: true }));
    area.value = 'にほ';
    area.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true, isComposing: true }));
  });
  await page.waitForTimeout(300);
  expect(await inViewer(viewer, (element) => element.revision)).toBe(before);
  await box.evaluate((element) => {
    const area = element as HTMLTextAreaElement;
    area.value = '日本';
    area.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, composed: true, data: '日本' }));
    area.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true, isComposing: false }));
  });
  expect(await inViewer(viewer, (element) => element.settled())).toBeGreaterThan(before);
  expect(await inViewer(viewer, (element) => element.text)).toBe('日本');
});

test('the last text wins when many are set at once', async ({ page }) => {
  const viewer = await openExplorer(page);
  const words = await inViewer(viewer, async (element) => {
    for (let i = 0; i < 30; ++i) element.text = `river bank number ${'again '.repeat(i)}${i}`;
    await element.settled();
    return { text: element.text, last: element.tokenList.at(-2)?.text };
  });
  expect(words.last).toBe('29');
});

test('results are copies that stay as they were', async ({ page }) => {
  const viewer = await openExplorer(page);
  const same = await inViewer(viewer, async (element) => {
    const first = await element.attention(3, 1);
    const kept = [...first.data];
    element.text = `${'word '.repeat(300)}end`;
    await element.settled();
    const untouched = kept.every((value, i) => value === first.data[i]);
    const again = await element.attention(0, 0);
    again.data.fill(7);
    const fresh = await element.attention(0, 0);
    return { untouched, fresh: fresh.data[0] !== 7 };
  });
  expect(same).toEqual({ untouched: true, fresh: true });
});

test('what cannot be is refused, never made up', async ({ page }) => {
  const viewer = await openExplorer(page);
  const codes = await inViewer(viewer, async (element) => {
    const code = async (call: () => Promise<unknown>) => {
      try {
        await call();
        return 'answered';
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    return {
      aggregate: await code(() => element.aggregate('median', { layer: 0 })),
      noLayer: await code(() => element.aggregate('mean', { layer: 6 })),
      metrics: await code(() => element.metrics(0, 12)),
      next: await code(() => element.next(0, { k: 3 })),
      cross: await code(() => element.attention(0, 0, { kind: 'cross' })),
      measure: await code(() => element.attention(0, 0, { measure: 'gradient' })),
      layer: await code(() => element.attention(6, 0)),
      head: await code(() => element.attention(0, -1)),
      half: await code(() => element.attention(0.5, 0)),
    };
  });
  expect(codes).toEqual({
    aggregate: 'unsupported',
    noLayer: 'bad-request',
    metrics: 'bad-request',
    next: 'unsupported',
    cross: 'unsupported',
    measure: 'unsupported',
    layer: 'bad-request',
    head: 'bad-request',
    half: 'bad-request',
  });
  const refused = await inViewer(viewer, async (element) => {
    const { revision } = element;
    const found: [string | undefined, number][] = [];
    for (const list of [
      [{ kind: 'head-on', head: 0 }],
      [{ kind: 'head-off', layer: 0, head: 12 }],
      [{ kind: 'edit-weight', layer: 0, head: 0, query: 0, key: 99, weight: 0.5 }],
    ]) {
      element.interventions = list as never;
      await element.settled();
      found.push([element.error?.code, element.interventions.length]);
    }
    return { found, grew: element.revision - revision };
  });
  expect(refused).toEqual({ found: Array(3).fill(['bad-request', 0]), grew: 0 });
  await expect(viewer.getByRole('alert')).toHaveAttribute('data-code', 'bad-request');
});

test('interventions change the numbers, and [] gives the model’s own back to the last bit', async ({ page }) => {
  const viewer = await openExplorer(page);
  const found = await inViewer(viewer, async (element) => {
    const deep = async () => [...(await element.attention(5, 3)).data];
    const own = await deep();
    const before = element.revision;
    element.interventions = [{ kind: 'head-off', layer: 2, head: 5 }];
    await element.settled();
    const changed = await deep();
    const grew = element.revision - before;
    element.interventions = [];
    await element.settled();
    const back = await deep();
    return {
      grew,
      isOther: changed.some((weight, i) => weight !== own[i]),
      isBack: back.every((w, i) => w === own[i]),
    };
  });
  expect(found).toEqual({ grew: 1, isOther: true, isBack: true });
});

test('aggregates follow from attention, metrics from its rows', async ({ page }) => {
  const viewer = await openExplorer(page);
  const worst = await inViewer(viewer, async (element) => {
    const nHeads = 12;
    const heads: { data: Float32Array }[] = [];
    for (let head = 0; head < nHeads; ++head) heads.push(await element.attention(3, head));
    const mean: { data: Float32Array } = await element.aggregate('mean', { layer: 3 });
    const max: { data: Float32Array } = await element.aggregate('max', { layer: 3 });
    let apart = 0;
    for (const [i, weight] of mean.data.entries()) {
      const weights = heads.map(({ data }) => data[i] ?? 0);
      const sum = weights.reduce((total, one) => total + one, 0);
      apart = Math.max(apart, Math.abs(weight - sum / nHeads), Math.abs((max.data[i] ?? 0) - Math.max(...weights)));
    }
    const { rows, data } = await element.attention(0, 2);
    const { previous, induction } = await element.metrics(0, 2);
    let sum = 0;
    for (let t = 1; t < rows; ++t) sum += data[t * rows + t - 1] ?? 0;
    return { apart, previous: Math.abs((previous ?? 0) - sum / (rows - 1)), induction };
  });
  expect(worst.apart).toBeLessThan(1e-6);
  expect(worst.previous).toBeLessThan(1e-9);
  expect(worst.induction, 'the is repeated').toBeGreaterThanOrEqual(0);
  await setText(viewer, 'one two three');
  const { induction } = await inViewer(viewer, (element) => element.metrics(0, 2));
  expect(induction, 'no token is repeated').toBeNull();
});

test('scores are what softmax sees', async ({ page }) => {
  const viewer = await openExplorer(page);
  const worst = await inViewer(viewer, async (element) => {
    const weights = await element.attention(2, 4);
    const scores = await element.attention(2, 4, { measure: 'scores' });
    let difference = 0;
    for (let t = 0; t < scores.rows; ++t) {
      const row = [...scores.data.slice(t * scores.cols, (t + 1) * scores.cols)];
      const most = Math.max(...row);
      const sum = row.reduce((total, score) => total + Math.exp(score - most), 0);
      row.forEach((score, s) => {
        const weight = weights.data[t * scores.cols + s] ?? Number.NaN;
        difference = Math.max(difference, Math.abs(Math.exp(score - most) / sum - weight));
      });
    }
    return difference;
  });
  expect(worst).toBeLessThan(1e-5);
});
