/**
 * The numbers on the page against PyTorch's: read through the element's contract, and once more from what is printed.
 */
import { readGolden } from '../golden/golden';
import { expect, inViewer, largestDifference, openExplorer, printedNumbers, setText, test } from './support';

for (const name of ['animal', 'scripts']) {
  test(`${name}: weights, hidden states and printed numbers equal the goldens`, async ({ page }) => {
    const golden = readGolden(`minilm/${name}.safetensors`);
    const viewer = await openExplorer(page);
    await setText(viewer, golden.metadata['text'] ?? '');

    const tokens = await inViewer(viewer, (element) => element.tokenList.map((token) => [token.id, token.piece]));
    expect(tokens.map(([, piece]) => piece)).toEqual(JSON.parse(golden.metadata['tokens'] ?? '[]'));
    expect(tokens.map(([id]) => id)).toEqual([...golden.tensor('input_ids').data]);

    for (let layer = 0; layer < 6; ++layer) {
      const expected = golden.tensor(`layers.${layer}.weights`);
      const [nHeads, nQuery, nKey] = expected.shape as [number, number, number];
      for (let head = 0; head < nHeads; ++head) {
        const weights = await inViewer(
          viewer,
          async (element, [l, h]: number[]) => {
            const matrix = await element.attention(l as number, h as number);
            return { rows: matrix.rows, cols: matrix.cols, data: [...matrix.data] };
          },
          [layer, head],
        );
        expect([weights.rows, weights.cols]).toEqual([nQuery, nKey]);
        const worst = largestDifference(weights.data, expected.data, head * nQuery * nKey);
        expect(worst, `layer ${layer}, head ${head}`).toBeLessThan(2e-5);
      }
    }
    for (let layer = 0; layer <= 6; ++layer) {
      const expected = golden.tensor(`hidden.${layer}`);
      const hidden = await inViewer(viewer, async (element, l: number) => [...(await element.hidden(l)).data], layer);
      expect(largestDifference(hidden, expected.data, 0), `hidden ${layer}`).toBeLessThan(5e-5);
    }

    // What is printed: choose a cell, then read the calculation and the matrix from the document.
    const cell = { layer: 3, head: 1, queryIndex: 2, keyIndex: 1 };
    await inViewer(
      viewer,
      async (element, chosen: typeof cell) => {
        Object.assign(element, chosen);
        await element.settled();
      },
      cell,
    );
    const n = tokens.length;
    const expectedWeight =
      golden.tensor('layers.3.weights').data[cell.head * n * n + cell.queryIndex * n + cell.keyIndex] ?? Number.NaN;
    const calculation = await inViewer(viewer, (element) => ({ ...element.calculation, query: null, key: null }));
    expect(calculation).toMatchObject(cell as unknown as Record<string, unknown>);
    expect(Math.abs((calculation.weight ?? Number.NaN) - expectedWeight)).toBeLessThan(2e-5);

    const printed = await printedNumbers(viewer.locator('[part~="calculation"]'));
    const printedWeight = printed.find((number) => number.name === 'weight');
    expect(Math.abs(Number(printedWeight?.value) - expectedWeight)).toBeLessThan(2e-5);
    const dot = Number(printed.find((number) => number.name === 'dot')?.value);
    const vector = (wanted: string) =>
      printed.filter((number) => number.name === wanted).map((number) => Number(number.value));
    const query = vector('query');
    const key = vector('key');
    expect(query).toHaveLength(32);
    expect(key).toHaveLength(32);
    expect(Math.abs(query.reduce((sum, q, i) => sum + q * (key[i] ?? Number.NaN), 0) - dot)).toBeLessThan(1e-4);

    const shown = viewer.locator(`[role=grid] [data-query="${cell.queryIndex}"][data-key="${cell.keyIndex}"] data`);
    expect(Math.abs(Number(await shown.first().getAttribute('value')) - expectedWeight)).toBeLessThan(2e-5);
  });
}

test('the calculation of the animal sentence equals the goldens term by term', async ({ page }) => {
  const golden = readGolden('minilm/animal.safetensors');
  const viewer = await openExplorer(page);
  const n = golden.tensor('input_ids').data.length;
  for (const [layer, head, query, key] of [
    [0, 2, 5, 4],
    [3, 1, 10, 2],
    [5, 11, 0, n - 1],
  ] as const) {
    const got = await inViewer(
      viewer,
      async (element, [l, h, q, k]: readonly number[]) => {
        Object.assign(element, { layer: l, head: h, queryIndex: q, keyIndex: k });
        await element.settled();
        const found = element.calculation;
        if (found === null) throw new Error('no calculation');
        return {
          ...found,
          query: [...(found.query ?? [])],
          key: [...(found.key ?? [])],
          value: [...(found.value ?? [])],
          output: [...(found.output ?? [])],
        };
      },
      [layer, head, query, key] as const,
    );
    const row = (name: string, token: number) => {
      const tensor = golden.tensor(`layers.${layer}.${name}`);
      const width = tensor.shape[2] as number;
      return [...tensor.data.slice((head * n + token) * width, (head * n + token + 1) * width)];
    };
    expect(largestDifference(got.query, row('query', query), 0)).toBeLessThan(5e-5);
    expect(largestDifference(got.key, row('key', key), 0)).toBeLessThan(5e-5);
    expect(largestDifference(got.value, row('value', key), 0)).toBeLessThan(5e-5);
    const score = row('scores', query)[key] ?? Number.NaN;
    expect(Math.abs((got.score ?? Number.NaN) - score)).toBeLessThan(2e-4);
    expect((got.dot ?? Number.NaN) * (got.scale ?? Number.NaN) + (got.bias ?? Number.NaN)).toBeCloseTo(score, 3);
    expect(Math.exp((got.score ?? 0) - (got.rowMax ?? 0)) / (got.rowSum ?? 0)).toBeCloseTo(got.weight, 6);
    expect(got.masked).toBe(false);
    const mixed = Array.from({ length: 32 }, (_, i) =>
      row('weights', query).reduce((sum, weight, s) => sum + weight * (row('value', s)[i] ?? Number.NaN), 0),
    );
    expect(largestDifference(got.output, mixed, 0)).toBeLessThan(1e-4);
  }
});
