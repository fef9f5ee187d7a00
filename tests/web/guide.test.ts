/** The guide as data: every section in every language, of one build; one catalogue of strings; nothing that leads nowhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GENERATING_MODEL, SENTENCE_MODEL } from '../../web/element/guide/guide';
import { progressFrom } from '../../web/element/guide/progress';
import en from '../../web/element/words/en.json';
import zh from '../../web/element/words/zh.json';
import { languages, sections, withGuide } from '../../web/tooling/guide.mjs';
import { models } from '../../web/tooling/models.mjs';

const web = join(import.meta.dirname, '../../web');
const sectionOf = (lang: string, id: string) => readFileSync(join(web, `site/guide/${lang}/${id}.html`), 'utf8');
const pageIn = (lang: string) =>
  withGuide(readFileSync(join(web, lang === 'en' ? 'index.html' : `index.${lang}.html`), 'utf8'));

/** What a translation must keep: elements with what makes them work, in their order. */
function skeleton(html: string): string[] {
  return [...html.matchAll(/<([\w-]+)([^>]*)>/g)]
    .filter(([, tag = '']) => /^(h\d|guide-|attention-viewer|li|details|aside|math|pre|figure|button|dt)/.test(tag))
    .map(([, tag, attributes = '']) => {
      const kept = [...attributes.matchAll(/\s(id|data-[\w-]+|section|view|layer|head|query-index)(?:="[^"]*")?/g)];
      return `${tag}${kept.map(([whole]) => whole).join('')}`;
    });
}

/** What stands from `start` to the brace that closes what was open there. */
function objectAt(code: string, start: number): string {
  let end = start;
  for (let depth = 1; depth > 0 && end < code.length; ++end)
    depth += code[end] === '{' ? 1 : code[end] === '}' ? -1 : 0;
  return code.slice(start, end);
}

describe('the catalogue of strings', () => {
  it('has the same keys in every language, each filled and with the same names to fill in', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    for (const [key, text] of Object.entries(en)) {
      const other = (zh as Record<string, string>)[key] ?? '';
      expect(other.trim(), key).not.toBe('');
      const names = (of: string) => [...of.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      expect(names(other), key).toEqual(names(text));
    }
  });

  it('is given every name to fill in, where a string is said with names', () => {
    const blank = readdirSync(join(web, 'element'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [
        ...readFileSync(join(web, 'element', name), 'utf8').matchAll(/\b(?:say|t)\('([\w.-]+)', \{(?!\s*\.\.\.)/g),
      ])
      .flatMap((call) => {
        const given = objectAt(call.input, call.index + call[0].length);
        const names = [...((en as Record<string, string>)[call[1] ?? ''] ?? '').matchAll(/\{(\w+)\}/g)];
        return names
          .filter(([, name]) => !new RegExp(`\\b${name}\\b`).test(given))
          .map(([whole]) => `${call[1]} ${whole}`);
      });
    expect(blank).toEqual([]);
  });

  it('has no string that nothing says', () => {
    const code = readdirSync(join(web, 'element'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(web, 'element', name), 'utf8'))
      .join('\n');
    // Some keys are put together: `role.${name}` says all that begin with `role.`.
    const made = [...code.matchAll(/`([\w.-]+\.)\$\{/g)].map(([, beginning = '']) => beginning);
    const unsaid = Object.keys(en).filter(
      (key) => !code.includes(`'${key}'`) && !made.some((beginning) => key.startsWith(beginning)),
    );
    expect(unsaid).toEqual([]);
  });
});

describe.each<string>(languages())('the guide in %s', (lang) => {
  const page = pageIn(lang);

  it('has every section, each linkable by its id, and a glossary at the end', () => {
    const ids = [...page.matchAll(/<section class="lesson" id="([\w-]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(sections());
    expect(ids.at(-1)).toBe('glossary');
  });

  it.each<string>(sections())('%s has the same build as in English', (id) => {
    expect(skeleton(sectionOf(lang, id))).toEqual(skeleton(sectionOf('en', id)));
  });

  it('leads nowhere that is not there, and names nothing twice', () => {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id ?? '');
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    const made = ['guide-text'];
    for (const [, id = ''] of page.matchAll(/\s(?:href="#|for="|aria-labelledby=")([^"]+)"/g))
      expect([...ids, ...made]).toContain(id);
  });

  it('has formulas of one row or table each, which say what they are', () => {
    const formulas = [...page.matchAll(/<math display="block"([^>]*)>\s*<(\w+)[\s\S]*?<\/(\w+)>\s*<\/math>/g)];
    expect(formulas.length).toBeGreaterThan(5);
    for (const [, attributes = '', first, last] of formulas) {
      expect(attributes).toMatch(/alttext="[^"]{10,}"/);
      expect([first, last]).toSatisfy((tags: string[]) => tags[0] === tags[1] && /^m(row|table)$/.test(tags[0] ?? ''));
    }
  });

  it('has no colour or style of its own', () => {
    expect(page).not.toMatch(/\sstyle="/);
  });
});

describe('the Chinese text', () => {
  /** What is read in one go: inline markup gone, every other element a line of its own; formulas and code left out. */
  const lines = [
    ...sections().flatMap((id: string) =>
      sectionOf('zh', id)
        .replace(/<(pre|math)[\s\S]*?<\/\1>/g, '')
        .replace(/<\/?(?:a|b|i|strong|span|var|sub|sup|dfn|code)(?:\s[^>]*)?>/g, '')
        .split(/<[^>]*>/)
        .map((line) => line.replaceAll('&nbsp;', ' ').trim()),
    ),
    ...Object.values(zh),
  ];
  const found = (pattern: RegExp) => lines.flatMap((line) => line.match(pattern) ?? []);

  it('has no gap between characters, as a line break in the file makes one', () => {
    expect(lines.length).toBeGreaterThan(300);
    expect(found(/.{0,6}[\u3000-\u9fff\uff00-\uffef]\s+[\u3000-\u9fff\uff00-\uffef].{0,6}/g)).toEqual([]);
  });

  it('has a space between characters and Latin letters or digits, and its own punctuation', () => {
    expect(found(/.{0,6}(?:[\u4e00-\u9fff][\w√]|[\w%][\u4e00-\u9fff]).{0,6}/g)).toEqual([]);
    expect(found(/.{0,6}[\u4e00-\u9fff][,;:?!()].{0,6}/g)).toEqual([]);
  });
});

describe.each<string>(languages())('the still figures in %s', (lang) => {
  const figures = (of: string) => readdirSync(join(web, 'site/guide/figures', of)).sort();

  it('are those of the English page, with the same numbers', () => {
    expect(figures(lang)).toEqual(figures('en'));
    for (const name of figures(lang)) {
      const numbersIn = (of: string) =>
        [...readFileSync(join(web, 'site/guide/figures', of, name), 'utf8').matchAll(/<data value="([^"]*)"/g)]
          .map(([, value]) => Number(value))
          .sort((a, b) => a - b);
      const [mine, theirs] = [numbersIn(lang), numbersIn('en')];
      expect(mine.length, name).toBe(theirs.length);
      for (const [i, value] of mine.entries()) {
        const other = theirs[i] ?? Number.NaN;
        expect(value === other || Math.abs(value - other) < 2e-4 * Math.max(1, Math.abs(value)), name).toBe(true);
      }
    }
  });
});

it('every question has one right answer and a folded explanation', () => {
  for (const id of sections()) {
    for (const [, inside = ''] of sectionOf('en', id).matchAll(/<guide-question[^>]*>([\s\S]*?)<\/guide-question>/g)) {
      expect([...inside.matchAll(/<li data-right>/g)], id).toHaveLength(1);
      expect(inside, id).toMatch(/<details>\s*<summary>/);
    }
  }
});

it('the models that the guide loads are the site’s own, and their sizes are what is downloaded', () => {
  for (const { model, bytes } of [SENTENCE_MODEL, GENERATING_MODEL]) {
    const found = models.find(({ id }) => model.startsWith(`models/${id}/`));
    expect(found?.files.reduce((sum, file) => sum + file.bytes, 0)).toBe(bytes);
    if (!model.endsWith('/')) expect(found?.files.map(({ name }) => name)).toContain(model.split('/').at(-1));
  }
});

describe('stored progress', () => {
  it.each([
    [null, [], {}],
    ['', [], {}],
    ['nonsense', [], {}],
    ['null', [], {}],
    ['[]', [], {}],
    ['{"read": "x", "answers": 3}', [], {}],
    [
      '{"read": ["formula", "formula", 3, "<b>"], "answers": {"q-a": 2, "q-b": -1, "q-c": "1", "<": 1}}',
      ['formula'],
      { 'q-a': 2 },
    ],
    [`{"read": ["${'x'.repeat(20_000)}"]}`, [], {}],
  ])('%s', (stored, read, answers) => {
    expect(progressFrom(stored)).toEqual({ read, answers });
  });
});
