/**
 * Every number that the guide's figures show on a reader's own sentence, held against the engine: asked in another page
 * through the viewer's public contract, or worked out here from what that gives. No printed number is passed over.
 */
import type { BrowserContext, Locator, Page } from '@playwright/test';
import { GUIDE_PAIRS } from '../../web/element/guide/pair-choices';
import { TRIALS } from '../../web/element/guide/trials';
import { ROLES } from '../../web/state/metrics';
import { type Calculation, expect, inViewer, openExplorer, setText, test } from './support';

const TEXT = 'The keys to the cabinet were on the table.';
const [LAYER, HEAD, QUERY] = [3, 1, 6];
const SMOLLM = 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf';

// ---- What a figure should show ----

/** A number that should be shown, and how far from it what is shown may be. */
interface Expected {
  readonly value: number;
  readonly within: number;
}

const exact = (...values: number[]): Expected[] => values.map((value) => ({ value, within: 0 }));
/** Weights, shares and probabilities. */
const share = (...values: number[]): Expected[] => values.map((value) => ({ value, within: 1e-5 }));
/** Scores, norms and cosines. */
const near = (...values: number[]): Expected[] =>
  values.map((value) => ({ value, within: Number.isFinite(value) ? 1e-4 * Math.abs(value) : 0 }));
const shape = (...sizes: number[]): Expected[] => exact(...sizes);

/** One number as the figure has it; some drawings have nothing but its text. */
interface Shown {
  readonly value: number | null;
  readonly text: string;
}

/** The reader comes to a figure: its still picture gives way to the live one. */
async function reach(figure: Locator): Promise<void> {
  // Sections on the way get their real heights only when they come near: where a figure stands may change meanwhile.
  await expect(async () => {
    await figure.scrollIntoViewIfNeeded();
    await expect(figure).toHaveAttribute('data-live', '', { timeout: 1000 });
  }).toPass({ timeout: 20_000 });
}

/**
 * Waits until a figure shows these numbers, in the order of the page.
 * @param parts  by selector; together they name every `<data>` of the figure once
 */
async function holds(figure: Locator, parts: Readonly<Record<string, readonly Expected[]>>): Promise<void> {
  await reach(figure);
  await expect(async () => {
    const { shown, passedOver, isBusy } = await figure.evaluate(readParts, Object.keys(parts));
    expect(isBusy).toBe(false);
    const wrong = Object.entries(parts).flatMap(([selector, expected], i) =>
      differences(selector, shown[i] ?? [], expected),
    );
    expect(wrong).toEqual([]);
    expect(passedOver).toEqual([]);
  }).toPass({ timeout: 20_000 });
}

function readParts(figure: Element, selectors: readonly string[]) {
  const parts = selectors.map((selector) => [...figure.querySelectorAll(selector)]);
  const times = (one: Element) => parts.filter((part) => part.includes(one)).length;
  return {
    shown: parts.map((part) =>
      part.map((one): { value: number | null; text: string } => {
        const whole = one.getAttribute('value') ?? one.getAttribute('data-value');
        return { value: whole === null ? null : Number(whole), text: one.textContent ?? '' };
      }),
    ),
    passedOver: [...figure.querySelectorAll('data')].filter((one) => times(one) !== 1).map((one) => one.outerHTML),
    isBusy: figure.hasAttribute('aria-busy'),
  };
}

function differences(selector: string, shown: readonly Shown[], expected: readonly Expected[]): string[] {
  if (shown.length !== expected.length) return [`${selector}: ${shown.length} numbers, not ${expected.length}`];
  return shown.flatMap(({ value, text }, i) => {
    const wanted = expected[i] ?? { value: Number.NaN, within: 0 };
    const [least, most] = roundedFrom(text);
    const isSo = value === null || value === wanted.value || Math.abs(value - wanted.value) <= wanted.within;
    const isSaid = least - wanted.within <= wanted.value && wanted.value <= most + wanted.within;
    return isSo && isSaid ? [] : [`${selector}, number ${i}: ${value} “${text}”, not ${wanted.value}`];
  });
}

/** From where to where a number may lie that is written so: `0.125`, `−1.25 × 10⁻⁵`, `12.5 %`, `< 0.1 %`, `1,024`, `−∞`. */
function roundedFrom(text: string): readonly [number, number] {
  const plain = text.replace(/[\s,]/g, '').replaceAll('−', '-');
  if (plain === '-∞') return [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const [, sign, digits = '', decimals = '', power = '', percent] =
    /^([<>]?)(-?\d+(?:\.(\d+))?)(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(%?)(?:tokens)?$/.exec(plain) ?? [];
  const exponent = Number(
    [...power]
      .map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit))
      .join('')
      .replace('-1', '-') || 0,
  );
  const unit = 10 ** exponent * (percent === '%' ? 0.01 : 1);
  const value = digits === '' ? Number.NaN : Number(digits) * unit;
  const half = (unit * 10 ** -decimals.length) / 2;
  return sign === '<' ? [0, value / 2] : sign === '>' ? [value + half, 1] : [value - half, value + half];
}

// ---- What the engine says ----

type Rows = readonly (readonly number[])[];
interface Flat {
  readonly rows: number;
  readonly cols: number;
  readonly data: readonly number[];
}

const rowsOf = ({ rows, cols, data }: Flat): Rows =>
  Array.from({ length: rows }, (_, row) => data.slice(row * cols, (row + 1) * cols));

async function attentionOf(viewer: Locator, layer: number, head: number, measure = 'weights'): Promise<Rows> {
  return rowsOf(
    await inViewer(
      viewer,
      async (element, [l, h, wanted]: readonly [number, number, string]) => {
        const { rows, cols, data } = await element.attention(l, h, { measure: wanted });
        return { rows, cols, data: [...data] };
      },
      [layer, head, measure] as const,
    ),
  );
}

/** [nLayers][nHeads] of weights. */
async function everyHead(viewer: Locator): Promise<readonly (readonly Rows[])[]> {
  const layers = await inViewer(viewer, async (element) => {
    const { nLayers, nHeads } = element.modelInfo as { nLayers: number; nHeads: number };
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
    return Promise.all(
      upTo(nLayers).map((layer) =>
        Promise.all(
          upTo(nHeads).map(async (head) => {
            const { rows, cols, data } = await element.attention(layer, head);
            return { rows, cols, data: [...data] };
          }),
        ),
      ),
    );
  });
  return layers.map((heads) => heads.map(rowsOf));
}

async function hiddenOf(viewer: Locator, layer: number): Promise<Rows> {
  return rowsOf(
    await inViewer(
      viewer,
      async (element, l) => {
        const { rows, cols, data } = await element.hidden(l);
        return { rows, cols, data: [...data] };
      },
      layer,
    ),
  );
}

type Numbers = 'query' | 'key' | 'value' | 'output';
type Cell = Omit<Calculation, Numbers> & Readonly<Record<Numbers, readonly number[]>>;

function cellOf(viewer: Locator, layer: number, head: number, queryIndex: number, keyIndex: number): Promise<Cell> {
  return inViewer(
    viewer,
    async (element, chosen) => {
      Object.assign(element, chosen);
      await element.settled();
      const found = element.calculation;
      if (found === null) throw new Error('no calculation');
      const { query, key, value, output } = found;
      return {
        ...found,
        query: [...(query ?? [])],
        key: [...(key ?? [])],
        value: [...(value ?? [])],
        output: [...(output ?? [])],
      };
    },
    { layer, head, queryIndex, keyIndex },
  );
}

const metricsOf = (viewer: Locator, layer: number, head: number) =>
  inViewer(viewer, (element, [l, h]: readonly number[]) => element.metrics(l as number, h as number), [layer, head]);

const nextOf = (viewer: Locator, k: number) =>
  inViewer(viewer, (element, n) => element.next(element.tokenList.length - 1, { k: n }), k);

const tokensOf = (viewer: Locator) => inViewer(viewer, (element) => element.tokenList);

/** What `ask` gives while these interventions are on. */
async function under<T>(viewer: Locator, interventions: readonly object[], ask: () => Promise<T>): Promise<T> {
  const change = (list: readonly object[]) =>
    inViewer(
      viewer,
      async (element, value) => {
        element.interventions = [...value];
        await element.settled();
        if (element.error !== null) throw new Error(element.error.message);
      },
      list,
    );
  await change(interventions);
  const answer = await ask();
  await change([]);
  return answer;
}

// ---- What is worked out from it ----

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const at = <T>(list: readonly T[] | undefined, index: number): T => {
  const found = list?.at(index);
  if (found === undefined) throw new Error(`Nothing at ${index}.`);
  return found;
};
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const dot = (left: readonly number[], right: readonly number[]): number => sum(left.map((a, i) => a * at(right, i)));
const cosine = (left: readonly number[], right: readonly number[]): number =>
  dot(left, right) / Math.sqrt(dot(left, left) * dot(right, right));
const mean = (rows: Rows): number[] => at(rows, 0).map((_, col) => sum(rows.map((row) => at(row, col))) / rows.length);
/** The first of the places with the largest value. */
const strongest = (values: readonly number[], among: readonly number[]): number =>
  among.reduce((best, i) => (at(values, i) > at(values, best) ? i : best), at(among, 0));
/** How differently a head looks in two runs of the same tokens: half of what its weights differ by, mean over rows. */
const variation = (left: Rows, right: Rows): number =>
  sum(left.map((row, q) => sum(row.map((weight, k) => Math.abs(weight - at(right[q], k)))) / 2)) / left.length;

/** As a figure's button calls a head, by its place among all heads. */
const headName = (place: number, nHeads: number): string =>
  `Layer ${Math.floor(place / nHeads)}, head ${place % nHeads}`;

// ---- The pages ----

/** The engine in another page, with the default model; nothing but numbers is asked of it. */
async function openReference(context: BrowserContext): Promise<Locator> {
  const viewer = await openExplorer(await context.newPage());
  // A view that is quick to draw.
  await inViewer(viewer, (element) => {
    element.view = 'table';
    return element.settled();
  });
  return viewer;
}

/** The guide with the small model, about the reader's sentence, token, layer and head. */
async function openGuide(page: Page): Promise<void> {
  // A page behind another draws a frame a second.
  await page.bringToFront();
  await page.goto('index.html');
  await expect(page.locator('guide-sentence .state')).toContainText('all-minilm-l6-v2', { timeout: 30_000 });
  await page.locator('#guide-text').fill(TEXT);
  await expect(page.locator('guide-sentence [role=option]')).toHaveCount(12);
  await page.locator(`guide-sentence [role=option][data-index="${QUERY}"]`).click();
  await page.locator('guide-row').scrollIntoViewIfNeeded();
  await page.locator('guide-row').getByLabel('Layer').selectOption(String(LAYER));
  await page.locator('guide-row').getByLabel('Head').selectOption(String(HEAD));
}

async function holdSmallModel(page: Page, context: BrowserContext): Promise<void> {
  test.setTimeout(180_000);
  const viewer = await openReference(context);
  await setText(viewer, TEXT);
  await openGuide(page);

  const tokens = await tokensOf(viewer);
  const n = tokens.length;
  const words = tokens.filter(({ special }) => !special).map(({ index }) => index);
  const specials = tokens.filter(({ special }) => special).map(({ index }) => index);
  const heads = await everyHead(viewer);
  const [nLayers, nHeads] = [heads.length, at(heads, 0).length];
  const weights = at(heads[LAYER], HEAD);
  const scores = await attentionOf(viewer, LAYER, HEAD, 'scores');
  const stream = await hiddenOf(viewer, LAYER);
  const row = at(weights, QUERY);
  const key = strongest(row, words);
  const cell = await cellOf(viewer, LAYER, HEAD, QUERY, key);
  /** The token's own query, key and value. */
  const own = await cellOf(viewer, LAYER, HEAD, QUERY, QUERY);
  const dModel = at(stream, 0).length;
  const width = cell.key.length;
  const score = at(scores[QUERY], key);
  const weight = at(row, key);
  expect([n, nLayers, nHeads, dModel, width]).toEqual([12, 6, 12, 384, 32]);

  await test.step('guide-row', async () => {
    await holds(page.locator('guide-row'), {
      'figcaption data': [...share(weight), ...exact(LAYER, HEAD)],
      'svg .share': share(...row),
    });
    const drawn = await page
      .locator('guide-row')
      .locator('[data-key]')
      .evaluateAll((marks) => marks.map((mark) => Number(mark.getAttribute('data-weight'))));
    expect(drawn).toHaveLength(n);
    for (const [i, value] of drawn.entries()) expect(Math.abs(value - at(row, i))).toBeLessThan(1e-5);
  });

  await test.step('guide-vectors', async () => {
    const x = at(stream, QUERY);
    const alike = cell.query.filter((a, i) => a < 0 === at(cell.key, i) < 0 && a * at(cell.key, i) !== 0).length;
    const vectors = page.locator('guide-vectors');
    await reach(vectors);
    await vectors.locator('summary').click();
    await holds(vectors, {
      '.stream h3 data': [...exact(LAYER), ...shape(1, dModel)],
      '.stream .first data': near(...x.slice(0, 4)),
      '.three h3 data': shape(1, width, 1, width, 1, width),
      '.three .first data': near(...[own.query, own.key, own.value].flatMap((row) => row.slice(0, 4))),
      '.dot data': [...near(dot(cell.query, cell.key)), ...exact(alike, width)],
      'figcaption data': [...exact(LAYER, HEAD), ...near(dot(cell.query, cell.key), score), ...share(weight)],
      '.all data': near(...x, ...own.query, ...own.key, ...own.value),
    });
  });

  await test.step('guide-directed', async () => {
    const there = weight;
    const back = at(weights[key], QUERY);
    const pairs = words
      .flatMap((a) => words.filter((b) => b < a).map((b) => [at(weights[a], b), at(weights[b], a)]))
      .map((both) => [Math.max(...both), Math.min(...both)] as const)
      .sort((one, other) => other[0] - other[1] - (one[0] - one[1]))
      .slice(0, 5);
    await holds(page.locator('guide-directed'), {
      '.way data': [...[...near(score), ...share(there)], ...[...near(at(scores[key], QUERY)), ...share(back)]],
      '.pairs data': share(...pairs.flat()),
      'figcaption data': [...exact(LAYER, HEAD), ...share(there, back)],
    });
  });

  await test.step('guide-formula', async () => {
    const formula = page.locator('guide-formula');
    await reach(formula);
    const place = exact(LAYER, HEAD);
    const first = (row: readonly number[]) => near(...row.slice(0, 4));
    const shown: Record<string, Record<string, Expected[]>> = {
      input: {
        'h3 data': shape(n, dModel),
        '.cut data': exact(n, n, 64, dModel),
        'figcaption data': [...exact(LAYER), ...first(at(stream, QUERY))],
      },
      query: { 'h3 data': shape(n, width), 'figcaption data': [...place, ...first(own.query)] },
      key: { 'h3 data': shape(n, width), 'figcaption data': [...place, ...first(own.key)] },
      scale: {
        '.scalar data': [...exact(width), ...near(width ** -0.5)],
        'figcaption data': [...exact(width), ...near(dot(cell.query, cell.key), width ** -0.5, score)],
      },
      scores: { 'h3 data': shape(n, n), 'figcaption data': [...near(score), ...place] },
      weights: { 'h3 data': shape(n, n), 'figcaption data': [...share(weight), ...place] },
      value: { 'h3 data': shape(n, width), 'figcaption data': [...place, ...first(own.value)] },
      output: { 'h3 data': shape(n, width), 'figcaption data': [...place, ...first(cell.output)] },
    };
    for (const [symbol, parts] of Object.entries(shown)) {
      await formula.locator(`button[data-symbol=${symbol}]`).click();
      await holds(formula, parts);
    }
    await page.keyboard.press('Escape');
  });

  await test.step('guide-scale', async () => {
    const scale = page.locator('guide-scale');
    await reach(scale);
    const temperatures = [0, 0.25, 0.5, 0.75, 1].map((step) => width ** (-step / 2));
    const stops: { row: readonly number[]; entropy: number; factor: number }[] = [];
    for (const temperature of temperatures) {
      const interventions = [{ kind: 'temperature', layer: LAYER, head: HEAD, temperature }];
      const [changed, metrics] = await under(viewer, interventions, async () => [
        await attentionOf(viewer, LAYER, HEAD),
        await metricsOf(viewer, LAYER, HEAD),
      ]);
      const factor = width ** -0.5 / temperature;
      stops.push({ row: at(changed, QUERY), entropy: metrics['entropy'] ?? Number.NaN, factor });
    }
    const model = at(stops, 0).row;
    for (const [i, stop] of stops.entries()) {
      await scale.locator('input').nth(i).check();
      await holds(scale, {
        '[data-name=factor]': near(...stops.map(({ factor }) => factor)),
        'th small data': exact(width),
        '[data-name=largest]': share(...stops.map(({ row }) => Math.max(...row))),
        '[data-name=entropy]': near(...stops.map(({ entropy }) => entropy)),
        'svg .share': share(...model.flatMap((weight, k) => [weight, at(stop.row, k)])),
        'figcaption data': [
          ...exact(LAYER, HEAD),
          ...share(Math.max(...model), Math.max(...stop.row)),
          ...near(stop.factor),
        ],
      });
    }
  });

  await test.step('guide-steps', async () => {
    const steps = page.locator('guide-steps');
    const looks = at(scores, QUERY);
    const scale = width ** -0.5;
    const rowMax = Math.max(...looks);
    const rowSum = sum(looks.map((score) => Math.exp(score - rowMax)));
    await holds(steps, {
      '.telling data': exact(dModel, width),
      'tfoot data': shape(n, width, n, width, n, width),
      'figcaption data': [...exact(LAYER, HEAD), ...shape(1, dModel, 1, width), ...exact(n)],
    });
    const next = steps.getByRole('button', { name: 'Next' });
    await next.click();
    await holds(steps, {
      '.telling data': [...exact(width), ...near(scale)],
      'thead data': near(scale),
      'tbody data': looks.flatMap((score) => near(score / scale, score)),
      'tfoot data': near(rowMax),
      'figcaption data': near(dot(cell.query, cell.key), scale, score),
    });
    await next.click();
    await holds(steps, {
      'thead data': near(rowMax, rowSum),
      'tbody data': looks.flatMap((score, k) => [...near(score), ...share(at(row, k))]),
      'tfoot data': share(sum(row)),
      'figcaption data': [...near(score, rowMax, rowSum), ...share(weight)],
    });
    await next.click();
    await holds(steps, {
      '.telling data': exact(width),
      'thead data': shape(1, n, n, width, 1, width),
      'tbody data': share(...row),
      'figcaption data': share(weight),
    });
  });

  await test.step('guide-heads', async () => {
    const rows = at(heads, LAYER).map((of) => at(of, QUERY));
    const keys = rows.map((row) => strongest(row, words));
    await holds(page.locator('guide-heads'), {
      '.of-layer data': exact(LAYER),
      '.which data': exact(...upTo(nHeads)),
      '.most data': share(...rows.map((row, head) => at(row, at(keys, head)))),
      '.apart data': share(...rows.map((row) => at(row, strongest(row, specials)))),
      'figcaption data': exact(LAYER, nHeads, new Set(keys).size),
    });
  });

  await test.step('guide-added', async () => {
    const added = page.locator('guide-added');
    // The contract tells the length of each key's part (value-weighted) but not that of their sum, and what the layer makes
    // of the sum has gone through its norms. So a length is held between the least and the most that its parts allow,
    // which is narrow where a head looks at one key.
    const lengths: Expected[] = [];
    for (const head of upTo(nHeads)) {
      const parts = at(await attentionOf(viewer, LAYER, head, 'value-weighted'), QUERY);
      const [most, largest] = [sum(parts), Math.max(...parts)];
      const least = Math.max(0, 2 * largest - most);
      lengths.push({ value: (least + most) / 2, within: (most - least) / 2 + 1e-5 });
    }
    const whole = mean(await hiddenOf(viewer, nLayers));
    /** What comes of switching these heads off. */
    const without = (off: readonly number[]) =>
      under(
        viewer,
        off.map((head) => ({ kind: 'head-off', layer: LAYER, head })),
        async () => {
          const changed = await everyHead(viewer);
          const later = changed
            .flatMap((of, layer) =>
              of.map((head, h) => ({ layer, head: h, change: variation(at(heads[layer], h), head) })),
            )
            .filter(({ layer }) => layer > LAYER)
            .sort((a, b) => b.change - a.change)
            .slice(0, 3);
          return { moves: 1 - cosine(whole, mean(await hiddenOf(viewer, nLayers))), later };
        },
      );
    const same = {
      '.tools data': exact(HEAD),
      '.switches .tool data': exact(...upTo(nHeads)),
      '.switches li > data': lengths,
      'figcaption data': exact(LAYER),
    };
    await holds(added, { ...same, '.big data': exact(0) });
    const tries: Expected[] = [];
    for (const [name, off] of [
      ['Head 5', [5]],
      ['All off', upTo(nHeads)],
    ] as const) {
      const { moves, later } = await without(off);
      tries.unshift(...exact(off.length), ...near(moves));
      await added.locator('button', { hasText: name }).click();
      await holds(added, {
        ...same,
        '.big data': near(moves),
        '.moved ul data': later.flatMap(({ layer, head, change }) => [...exact(layer, head), ...share(change)]),
        '.tries data': tries,
      });
    }
    await added.getByRole('button', { name: 'All on' }).click();
  });

  await test.step('guide-roles', async () => {
    const roles = page.locator('guide-roles');
    await reach(roles);
    const all: Record<string, number | null>[] = [];
    for (const layer of upTo(nLayers)) for (const head of upTo(nHeads)) all.push(await metricsOf(viewer, layer, head));
    const names = await roles
      .locator('[data-metric]')
      .evaluateAll((marks) => marks.map((mark) => mark.getAttribute('data-metric') ?? ''));
    expect(names).toHaveLength(8);
    const best = names.map((name) => {
      const values = all.map((of) => of[name] ?? Number.NEGATIVE_INFINITY);
      const place = strongest(values, [...values.keys()]);
      return { name, place, value: at(values, place) };
    });
    const thresholds = new Map(ROLES.map(({ metric, threshold }) => [metric as string, threshold]));
    const told = best.filter(({ name }) => thresholds.has(name));
    const clear = told.filter(({ name, value }) => value >= (thresholds.get(name) ?? 0));
    await holds(roles, {
      ...Object.fromEntries(best.map(({ name, value }) => [`[data-metric=${name}] data`, near(value)])),
      'figcaption data': exact(nLayers * nHeads, n, clear.length, told.length),
    });
    await expect(roles.locator('.who button')).toHaveText(best.map(({ place }) => headName(place, nHeads)));
  });

  await test.step('guide-links', async () => {
    const rows = heads.flatMap((of) => of.map((head) => at(head, QUERY)));
    const links = words
      .filter((word) => word !== QUERY)
      .map((word) => {
        const column = rows.map((row) => at(row, word));
        const place = strongest(column, [...column.keys()]);
        return { place, weight: at(column, place) };
      })
      .sort((a, b) => b.weight - a.weight);
    const shown = links.slice(0, 7);
    const { place, weight } = at(links, 0);
    await holds(page.locator('guide-links'), {
      '.amount-text data': share(...shown.map(({ weight }) => weight)),
      'figcaption data': [
        ...exact(Math.floor(place / nHeads), place % nHeads),
        ...share(weight),
        ...exact(nLayers * nHeads, shown.length, links.length),
      ],
    });
    await expect(page.locator('guide-links').locator('li button')).toHaveText(
      shown.map(({ place }) => headName(place, nHeads)),
    );
  });

  await test.step('guide-pairs', async () => {
    const pairs = page.locator('guide-pairs');
    await reach(pairs);
    for (const [i, { text, other, layer, head, query, key, rival }] of GUIDE_PAIRS.slice(0, 2).entries()) {
      await pairs.locator('.tools').first().getByRole('button').nth(i).click();
      await expect(pairs.locator('.sentences li')).toHaveText([text, other]);
      const both: (readonly number[])[] = [];
      for (const sentence of [text, other]) {
        await setText(viewer, sentence);
        both.push(at(await attentionOf(viewer, layer, head), query));
      }
      const [left, right] = both;
      const keys = [key, rival, 0].filter((key) => key !== null);
      const shown = keys.flatMap((key) => [at(left, key), at(right, key)]);
      // From the second pair on, the reader predicts first.
      if (i > 0) await pairs.getByRole('button', { name: 'About as much' }).click();
      await holds(pairs, {
        'figcaption data': [...exact(layer, head), ...share(...shown)],
        '.verdict-line data': share(at(left, key), at(right, key)),
        'svg .figure-number': share(...shown),
      });
    }
  });

  await test.step('guide-meanings', async () => {
    const meanings = page.locator('guide-meanings');
    await reach(meanings);
    const texts = ['We sat on the river bank.', 'He took it to the bank.', 'The mill stood on the bank.'];
    for (const [i, text] of texts.entries()) await meanings.getByRole('textbox').nth(i).fill(text);
    const streams: Rows[] = [];
    for (const text of texts) {
      await setText(viewer, text);
      const place = (await tokensOf(viewer)).findIndex(({ piece }) => piece === 'bank');
      const depths: (readonly number[])[] = [];
      for (const layer of upTo(nLayers + 1)) depths.push(at(await hiddenOf(viewer, layer), place));
      streams.push(depths);
    }
    const [first, other, same] = streams.map((depths) => depths.map((row, i) => cosine(at(streams[0], i), row)));
    expect(at(first, nLayers)).toBeCloseTo(1, 6);
    await holds(meanings, {
      'thead data': exact(...upTo(nLayers + 1)),
      '[data-name=same]': near(...(same ?? [])),
      '[data-name=other]': near(...(other ?? [])),
      'figcaption data': near(at(same, nLayers), at(other, nLayers)),
      'circle.same title': near(...(same ?? [])),
      'circle.other title': near(...(other ?? [])),
    });
  });

  await test.step('guide-order', async () => {
    const order = page.locator('guide-order');
    await reach(order);
    await expect(order.locator('.sentences li').first()).toHaveText(TEXT);
    const shuffled = (await order.locator('.sentences li').nth(1).textContent()) ?? '';
    expect(shuffled.split(' ').length).toBe(TEXT.split(' ').length);
    expect(shuffled).not.toBe(TEXT);
    await setText(viewer, shuffled);
    const pieces = (await tokensOf(viewer)).map(({ piece }) => piece);
    /** Where in the other order the n-th of a piece stands. */
    const like = tokens.map(({ piece, index }) => {
      const before = tokens.slice(0, index).filter((token) => token.piece === piece).length;
      return at(
        upTo(n).filter((i) => pieces[i] === piece),
        before,
      );
    });
    const last = async (text: string, interventions: readonly object[]) => {
      await setText(viewer, text);
      return under(viewer, interventions, () => hiddenOf(viewer, nLayers));
    };
    const compared: number[][] = [];
    for (const interventions of [[], [{ kind: 'positions-off' }]]) {
      const [here, there] = [await last(TEXT, interventions), await last(shuffled, interventions)];
      compared.push(here.map((row, i) => cosine(row, at(there, at(like, i)))));
    }
    const [placed, bag] = compared;
    await holds(order, {
      'svg .figure-number': near(...upTo(n).flatMap((i) => [at(placed, i), at(bag, i)])),
      'figcaption data': [...exact(nLayers), ...near(at(placed, QUERY), at(bag, QUERY))],
    });
  });

  await test.step('guide-race', async () => {
    await holds(page.locator('guide-race'), {
      'tbody data': exact(...[n, 1], ...[n, 1], ...[n - 1, 1], ...[QUERY - key, 1]),
      'figcaption data': exact(n, n, nLayers, nLayers),
    });
  });

  await test.step('guide-cost', async () => {
    const lengths = [16, 32, 64, 128, 256, 512];
    await holds(page.locator('guide-cost'), {
      'tbody data': exact(...lengths.flatMap((length) => [length, length ** 2 * nHeads * nLayers])),
      'figcaption data': exact(nHeads, nLayers),
    });
  });
}

for (const [screen, use] of Object.entries({
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
})) {
  test.describe(`on a ${screen}`, () => {
    test.use(use);
    test('the small model on a sentence of one’s own: every figure’s numbers are the engine’s', ({ page, context }) =>
      holdSmallModel(page, context));
  });
}

test('the generating model on texts of one’s own: every figure’s numbers are the engine’s', async ({
  page,
  context,
}) => {
  test.setTimeout(180_000);
  const viewer = await openReference(context);
  await inViewer(viewer, (element, address) => element.load(address), SMOLLM);
  await setText(viewer, TEXT);
  await openGuide(page);
  await page.locator('guide-start').first().getByRole('button').click();
  await expect(page.locator('guide-start .ready').first()).toBeVisible({ timeout: 60_000 });

  const { nLayers, nHeads } = await inViewer(viewer, (element) => {
    const { nLayers, nHeads } = element.modelInfo as { nLayers: number; nHeads: number };
    return { nLayers, nHeads };
  });
  expect([nLayers, nHeads]).toEqual([30, 9]);

  await test.step('guide-mask', async () => {
    const mask = page.locator('guide-mask');
    const [layer, head] = [7, 2];
    await reach(mask);
    await mask.getByLabel('Layer').fill(String(layer));
    await mask.getByLabel('Head').fill(String(head));
    const tokens = await tokensOf(viewer);
    const n = tokens.length;
    const place = TEXT.indexOf('were');
    const query = tokens.findIndex(({ end }) => end !== null && end > place);
    expect([n, query]).toEqual([10, 5]);
    const seen = query + 1;
    const weights = at(await attentionOf(viewer, layer, head), query);
    const scores = at(await attentionOf(viewer, layer, head, 'scores'), query);
    // What the mask hides is worked out from the query and the hidden keys.
    const scaled = [...scores];
    for (let key = seen; key < n; ++key) {
      const cell = await cellOf(viewer, layer, head, query, key);
      expect(cell.masked).toBe(true);
      scaled[key] = dot(cell.query, cell.key) * cell.query.length ** -0.5;
    }
    expect(scores.slice(seen)).toEqual(Array.from({ length: n - seen }, () => Number.NEGATIVE_INFINITY));
    expect(weights.slice(seen)).toEqual(Array.from({ length: n - seen }, () => 0));
    await holds(mask, {
      'tr[data-symbol=scores] data': near(...scaled),
      'tr[data-symbol=mask] data': near(...scores),
      'tr[data-symbol=weights] data': share(...weights),
      'figcaption data': exact(seen, n, n - seen),
    });
  });

  await test.step('guide-write', async () => {
    const write = page.locator('guide-write');
    const beginning = TEXT.slice(0, TEXT.indexOf(' table'));
    await reach(write);
    await write.getByRole('textbox').fill(beginning);
    await setText(viewer, beginning);
    const expectations = async (written: number) => {
      const next = await nextOf(viewer, 6);
      const probabilities = next.map(({ probability }) => probability);
      await holds(write, {
        '.expected data': share(...probabilities),
        'figcaption data': [...share(at(probabilities, 0)), ...exact(written, nLayers)],
      });
      return at(next, 0).piece.replace('Ġ', ' ');
    };
    const word = await expectations(0);
    await write.getByRole('button', { name: 'Write one token' }).click();
    await setText(viewer, beginning + word);
    expect((await tokensOf(viewer)).length).toBe(10 - 1);
    await expectations(1);
  });

  await test.step('guide-sources', async () => {
    const sources = page.locator('guide-sources');
    const tokens = await tokensOf(viewer);
    const query = tokens.length - 1;
    const rows = (await everyHead(viewer)).flatMap((of) => of.map((head) => at(head, query)));
    const words = upTo(query).slice(1);
    const favourites = rows.map((row) => strongest(row, words));
    const found = words
      .map((word) => {
        const column = rows.map((row) => at(row, word));
        const place = strongest(column, [...column.keys()]);
        const heads = favourites.filter((favourite) => favourite === word).length;
        return { place, weight: at(column, place), heads };
      })
      .sort((a, b) => b.weight - a.weight);
    const shown = found.slice(0, 6);
    const first = rows.filter((row) => at(row, 0) > 0.5).length;
    const lists = {
      '.amount data': share(...shown.map(({ weight }) => weight)),
      '.many data': exact(...shown.flatMap(({ heads }) => [heads, nLayers * nHeads])),
    };
    const placeOf = (place: number) => exact(Math.floor(place / nHeads), place % nHeads);
    const best = at(found, 0);
    await holds(sources, {
      ...lists,
      'figcaption data': [...exact(nLayers * nHeads), ...placeOf(best.place), ...share(best.weight), ...exact(first)],
    });
    // One head alone.
    const { place } = at(shown, 2);
    await sources.locator('li button').nth(2).click();
    await holds(sources, {
      ...lists,
      'figcaption data': [...placeOf(place), ...share(at(rows[place], at(favourites, place))), ...exact(first)],
    });
  });

  await test.step('guide-off', async () => {
    const figure = page.locator('guide-off');
    await reach(figure);
    for (const [i, { text, heads }] of TRIALS.entries()) {
      await figure.locator('.tools').first().getByRole('button').nth(i).click();
      await expect(figure.locator('.quoted bdi')).toHaveText(text);
      await setText(viewer, text);
      const last = (await tokensOf(viewer)).length - 1;
      const looks: number[] = [];
      for (const { layer, head } of heads) {
        const row = at(await attentionOf(viewer, layer, head), last);
        looks.push(at(row, strongest(row, upTo(last).slice(1))));
      }
      const before = await nextOf(viewer, 1000);
      for (const off of [[], [0, 1, 2]]) {
        const interventions = off.map((which) => {
          const { layer, head } = at(heads, which);
          return { kind: 'head-off', layer, head };
        });
        const after = await under(viewer, interventions, () => nextOf(viewer, 1000));
        const of = (list: typeof before, id: number) => list.find((each) => each.id === id)?.probability ?? 0;
        const ids = new Set([...before.slice(0, 5), ...after.slice(0, 5)].map(({ id }) => id));
        const changes = [...ids]
          .map((id) => [of(before, id), of(after, id)] as const)
          .sort((a, b) => Math.max(...b) - Math.max(...a))
          .slice(0, 5);
        const which = off.at(-1);
        if (which !== undefined)
          for (const [at, one] of (await figure.getByRole('switch').all()).entries())
            if (off.includes(at) && (await one.getAttribute('aria-checked')) === 'true') await one.click();
        const { id, probability } = at(before, 0);
        await holds(figure, {
          '.key-of data': exact(off.length),
          '.heads-off data': share(...looks),
          // What is hardly probable is not a number there.
          '.expected .shares > *': share(...changes.flat()),
          'figcaption data':
            off.length === 0
              ? share(probability)
              : [...exact(off.length, nLayers * nHeads), ...share(probability, of(after, id))],
        });
      }
    }
  });
});
