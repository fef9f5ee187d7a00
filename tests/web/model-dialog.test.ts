/** Opening a model, without a page: the site's list, the budget and what fits it, who would be asked, and dropped folders. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type DroppedItem, droppedFiles } from '../../web/element/dropped-files';
import {
  BUDGETS,
  budgetFor,
  budgetFrom,
  defaultBudget,
  fitOf,
  formatMemory,
  stepOf,
} from '../../web/element/memory-budget';
import { hostAsked, toDownload } from '../../web/element/model-offer';
import { fetchSiteModels, parseSiteModels } from '../../web/element/site-models';

const MB = 1024 * 1024;
const base = new URL('https://example.org/headlight/models.json');
const entry = {
  id: 'tiny',
  title: 'Tiny',
  source: 'someone/tiny',
  licence: 'MIT',
  bytes: 1234,
  address: 'models/tiny/',
};

describe('the list of the site’s models', () => {
  it('is read whole, addresses beside the list', () => {
    const [model, other] = parseSiteModels([entry, { ...entry, about: 'generates text', unknown: 1 }], base);
    expect(model).toEqual({ ...entry, address: 'https://example.org/headlight/models/tiny/', about: null });
    expect(other?.about).toBe('generates text');
    expect(parseSiteModels([], base)).toEqual([]);
  });

  it.each([
    ['no list', {}, 'a list'],
    ['null', null, 'a list'],
    ['an entry that is no object', [3], 'models[0] to be an object'],
    ['an entry that is null', [entry, null], 'models[1] to be an object'],
    ['a title that is missing', [{ ...entry, title: undefined }], 'models[0].title'],
    ['a title without a character', [{ ...entry, title: ' ' }], 'models[0].title'],
    ['a licence that is a number', [{ ...entry, licence: 2 }], 'models[0].licence'],
    ['a source without end', [{ ...entry, source: 'x'.repeat(301) }], 'models[0].source'],
    ['half a byte', [{ ...entry, bytes: 0.5 }], 'models[0].bytes'],
    ['no byte', [{ ...entry, bytes: 0 }], 'models[0].bytes'],
    ['bytes in words', [{ ...entry, bytes: '12' }], 'models[0].bytes'],
    ['an address elsewhere', [{ ...entry, address: 'https://elsewhere.example/m/' }], 'on this site'],
    ['an address elsewhere without its protocol', [{ ...entry, address: '//elsewhere.example/m/' }], 'on this site'],
    ['a script for an address', [{ ...entry, address: 'javascript:alert(1)' }], 'on this site'],
    ['more than a site carries', Array.from({ length: 25 }, () => entry), 'at most 24'],
    ['a phrase that is none', [{ ...entry, about: [] }], 'models[0].about'],
  ])('is refused with %s', (_what, json, expected) => {
    expect(() => parseSiteModels(json, base)).toThrow(
      expect.objectContaining({ code: 'bad-file', message: expect.stringContaining(expected) }),
    );
  });

  it('is fetched, and its absence is nothing to complain of', async () => {
    const { signal } = new AbortController();
    const answer = (body: string, status = 200) => vi.stubGlobal('fetch', async () => new Response(body, { status }));
    try {
      answer(JSON.stringify([entry]));
      expect(await fetchSiteModels(base, signal)).toHaveLength(1);
      answer('not here', 404);
      expect(await fetchSiteModels(base, signal)).toBeNull();
      answer('<!doctype html>');
      await expect(fetchSiteModels(base, signal)).rejects.toMatchObject({ code: 'bad-file' });
      answer(`"${'x'.repeat(70_000)}"`);
      await expect(fetchSiteModels(base, signal)).rejects.toMatchObject({ code: 'bad-file' });
      vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no line')));
      expect(await fetchSiteModels(base, signal)).toBeNull();
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('the memory budget', () => {
  it('is 512 MB, 256 MB on a phone, or what was remembered if that makes sense', () => {
    expect(budgetFrom(null, false)).toBe(512 * MB);
    expect(budgetFrom(null, true)).toBe(256 * MB);
    expect(budgetFrom(String(700 * MB), true)).toBe(700 * MB);
    for (const nonsense of ['', '0', '-5', '1e9', 'NaN', String(128 * MB - 1), String(4096 * MB + 1), '99999999999999'])
      expect(budgetFrom(nonsense, false)).toBe(defaultBudget(false));
  });

  it('goes in rising steps from 128 MB to 4 GB, both defaults among them', () => {
    expect(BUDGETS[0]).toBe(128 * MB);
    expect(BUDGETS.at(-1)).toBe(4096 * MB);
    expect([...BUDGETS].sort((a, b) => a - b)).toEqual(BUDGETS);
    expect(BUDGETS).toEqual(expect.arrayContaining([defaultBudget(true), defaultBudget(false)]));
    BUDGETS.forEach((each, i) => {
      expect(stepOf(each)).toBe(i);
      expect(budgetFor(each)).toBe(each);
    });
    expect(budgetFor(512 * MB + 1)).toBe(768 * MB);
    expect(budgetFor(4096 * MB + 1)).toBeNull();
    expect(stepOf(520 * MB)).toBe(stepOf(512 * MB));
  });

  it('is written short, and what is needed never as less than it is', () => {
    const steps = ['128 MB', '192 MB', '256 MB', '384 MB', '512 MB', '768 MB', '1 GB', '1.5 GB', '2 GB', '2.5 GB'];
    const words = (size: number) => formatMemory(size).replace('\u00a0', ' ');
    expect(BUDGETS.map(words)).toEqual([...steps, '3 GB', '3.5 GB', '4 GB']);
    expect(words(0)).toBe('0 MB');
    expect(words(512 * MB + 1)).toBe('513 MB');
    expect(words(1024 * MB + 1)).toBe('1.1 GB');
  });

  it('holds an offer exactly when weights and run are no more than it', () => {
    const size = fc.integer({ min: 0, max: 8_000_000_000 });
    fc.assert(
      fc.property(size, size, fc.constantFrom(...BUDGETS), (weights, run, budget) => {
        const fit = fitOf({ weights, run, runTokens: 512 }, { budget });
        const used = fit.weights + fit.run;
        return (
          fit.need === weights + run &&
          fit.fits === weights + run <= budget &&
          used <= 1 + 1e-9 &&
          // The bar is full of what is needed where that is more, and as wide as the budget where not.
          Math.abs(fit.fits ? fit.end - 1 : used - 1) < 1e-9
        );
      }),
    );
  });

  it('leaves to the engine what is not known', () => {
    expect(fitOf({ weights: null, run: null, runTokens: 512 }, { budget: 1 })).toMatchObject({
      need: null,
      fits: true,
    });
    expect(fitOf({ weights: 2, run: null, runTokens: 512 }, { budget: 1 })).toMatchObject({ need: 2, fits: false });
  });
});

describe('an offer', () => {
  it.each([
    ['https://example.org/a/model.gguf', 'example.org'],
    ['  http://localhost:8000/m/ ', 'localhost:8000'],
    ['openai-community/gpt2', 'huggingface.co'],
    ['owner/name/file.gguf', 'huggingface.co'],
    ['owner/name@v1.0', 'huggingface.co'],
    ['gpt2', null],
    ['', null],
    ['https://', null],
    ['../models/tiny', null],
    ['ftp://example.org/x', null],
  ])('at "%s" is asked of %s', (text, host) => {
    expect(hostAsked(text)).toBe(host);
  });

  it('needs no download of what is here', () => {
    expect(toDownload({ bytes: 100, stored: 40 })).toBe(60);
    expect(toDownload({ bytes: 100, stored: 120 })).toBe(0);
    expect(toDownload({ bytes: null, stored: 40 })).toBeNull();
  });
});

/** A file, or a folder: names to what is in it. */
type Tree = string | { readonly [name: string]: Tree };

/** As browsers hand entries out: a folder's in batches, the last one empty. */
function entryOf(name: string, tree: Tree, batch: number): FileSystemEntry {
  if (typeof tree === 'string') {
    const file = (resolve: FileCallback) => resolve(new File([tree], name, { lastModified: 5 }));
    return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
  }
  const children = Object.entries(tree).map(([each, below]) => entryOf(each, below, batch));
  const createReader = () => {
    let at = 0;
    return {
      readEntries(resolve: FileSystemEntriesCallback) {
        resolve(children.slice(at, at + batch));
        at += batch;
      },
    };
  };
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

function itemOf(name: string, tree: Tree, batch = 2): DroppedItem {
  return {
    kind: 'file',
    webkitGetAsEntry: () => entryOf(name, tree, batch),
    getAsFile: () => (typeof tree === 'string' ? new File([tree], name) : null),
  };
}

const contents = async (files: readonly File[]) =>
  Object.fromEntries(await Promise.all(files.map(async (file) => [file.name, await file.text()])));

describe('what is dropped', () => {
  it('is its files, those of folders with their path for a name', async () => {
    const folder = {
      'config.json': '{}',
      'model.safetensors': 'W',
      'tokenizer.json': 'T',
      onnx: { 'model.onnx': 'O' },
    };
    const text: DroppedItem = { kind: 'string', webkitGetAsEntry: () => null, getAsFile: () => null };
    const files = await droppedFiles([itemOf('tiny', folder), text, itemOf('a.gguf', 'G')]);
    expect(await contents(files)).toEqual({
      'a.gguf': 'G',
      'tiny/config.json': '{}',
      'tiny/model.safetensors': 'W',
      'tiny/tokenizer.json': 'T',
      'tiny/onnx/model.onnx': 'O',
    });
    expect(files.find((file) => file.name === 'tiny/config.json')?.lastModified).toBe(5);
  });

  it('is walked to four folders and no deeper', async () => {
    const deep: Tree = { a: 'A', 2: { b: 'B', 3: { c: 'C', 4: { d: 'D', 5: { e: 'E' } } } } };
    const names = (await droppedFiles([itemOf('1', deep)])).map((file) => file.name);
    expect(names.sort()).toEqual(['1/2/3/4/d', '1/2/3/c', '1/2/b', '1/a']);
  });

  it('is refused where it holds more than any model, without reading on', async () => {
    let handedOut = 0;
    const endless: DroppedItem = {
      kind: 'file',
      getAsFile: () => null,
      webkitGetAsEntry: () =>
        ({
          name: 'disk',
          isDirectory: true,
          createReader: () => ({
            readEntries(resolve: FileSystemEntriesCallback) {
              handedOut += 100;
              resolve(Array.from({ length: 100 }, (_, i) => entryOf(String(i), '', 1)));
            },
          }),
        }) as unknown as FileSystemEntry,
    };
    await expect(droppedFiles([endless])).rejects.toMatchObject({ code: 'too-large' });
    expect(handedOut).toBeLessThanOrEqual(2100);
    const wide = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `f${i}`,
        Object.fromEntries(Array.from({ length: 60 }, (_, j) => [`${j}`, ''])),
      ]),
    );
    await expect(droppedFiles([itemOf('wide', wide, 100)])).rejects.toMatchObject({ code: 'too-large' });
  });

  it('says which file the browser would not read', async () => {
    const broken = {
      name: 'model.safetensors',
      isFile: true,
      file: (_resolve: FileCallback, reject: ErrorCallback) => reject(new DOMException('gone', 'NotReadableError')),
    };
    let isRead = false;
    const folder = {
      name: 'tiny',
      isDirectory: true,
      createReader: () => ({
        readEntries(resolve: FileSystemEntriesCallback) {
          resolve(isRead ? [] : [broken as unknown as FileSystemEntry]);
          isRead = true;
        },
      }),
    };
    const item = { kind: 'file', getAsFile: () => null, webkitGetAsEntry: () => folder as unknown as FileSystemEntry };
    await expect(droppedFiles([item])).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('model.safetensors'),
      found: 'NotReadableError',
    });
  });
});
