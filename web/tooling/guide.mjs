// The guide as pages: puts sections, figures and contents together, in each language. Only reads data; the text is in
// web/site/guide, a file a section, and the still figures were written there by `npm run figures`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './shell.mjs';

const folder = join(root, 'web/site/guide');
const read = (...path) => readFileSync(join(folder, ...path), 'utf8');

/** The sections in their order. The last one is the glossary. */
export const sections = () => JSON.parse(read('sections.json'));

/** The languages that there are texts in. */
export const languages = () =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => name !== 'figures');

/** A page with every `<!-- guide … -->` filled in. Other pages have none and come back as they are. */
export function withGuide(page) {
  const lang = /<html lang="([a-z]+)"/.exec(page)?.[1] ?? 'en';
  const whole = page.replace(/<!-- guide (\w+) -->/g, (_, part) => (part === 'contents' ? contents(lang) : body(lang)));
  return withFigures(lang, whole);
}

/** What the guide's page says besides its sections. */
const wordsOf = (lang) => JSON.parse(read(lang, 'page.json'));

function contents(lang) {
  const words = wordsOf(lang);
  const items = sections().map((id) => {
    const { title } = sectionOf(lang, id);
    return `<li data-section="${id}"><a href="#${id}">${title}</a></li>`;
  });
  return `<nav class="contents" aria-label="${words.contents}"><h2>${words.contents}</h2><ol>${items.join('\n')}</ol></nav>`;
}

function body(lang) {
  const words = wordsOf(lang);
  const ids = sections();
  return ids
    .map((id, i) => {
      const { title, text, minutes } = sectionOf(lang, id);
      const next = ids[i + 1];
      const number = next === undefined ? '' : `<span class="number">${i + 1}</span> `;
      const time = words.minutes.replace('{n}', minutes);
      const onward =
        next === undefined
          ? ''
          : `<a class="onward" href="#${next}">${words.next.replace('{title}', sectionOf(lang, next).title)}</a>`;
      const end =
        next === undefined ? '' : `<footer class="end"><guide-read section="${id}"></guide-read>${onward}</footer>`;
      return `<section class="lesson" id="${id}" aria-labelledby="${id}-title">
<header><h2 id="${id}-title">${number}${title}</h2><p class="meta">${time} <a class="permalink" href="#${id}">${words.link}</a></p></header>
${text}
${end}
</section>`;
    })
    .join('\n');
}

/** A section's file: its first line is its title. */
function sectionOf(lang, id) {
  const [, title = '', rest = ''] = /^<h2>(.*?)<\/h2>\s*([\s\S]*)$/.exec(read(lang, `${id}.html`)) ?? [];
  if (title === '') throw new Error(`web/site/guide/${lang}/${id}.html must begin with <h2>…</h2>.`);
  return { title, text: rest, minutes: minutesOf(rest, lang) };
}

/** At 220 words, or 400 Chinese characters, a minute; figures and questions take their time. */
function minutesOf(html, lang) {
  const text = html.replace(/<[^>]*>/g, ' ');
  const reading = lang === 'zh' ? text.replace(/\s/g, '').length / 400 : text.split(/\s+/).length / 220;
  const doing = [...html.matchAll(/<guide-(?!code)/g)].length * 0.75;
  return Math.max(1, Math.round(reading + doing));
}

/** Every empty `<guide-…>` with its still figure inside, where there is one. */
function withFigures(lang, html) {
  return html.replace(/<(guide-[\w-]+)([^>]*)><\/\1>/g, (whole, tag, attributes) => {
    const name = figureName(tag, attributes);
    const still = stillOf(lang, name);
    if (still === null) return whole;
    const others = attributes.replace(/\sdata-figure="[^"]*"/, '');
    return `<${tag}${others} data-figure="${name}">${still}</${tag}>`;
  });
}

/** A figure goes by its tag; where one tag stands in several places, each has a `data-figure`. */
export const figureName = (tag, attributes) => /\sdata-figure="([\w-]+)"/.exec(attributes)?.[1] ?? tag;

function stillOf(lang, name) {
  const path = join(folder, 'figures', lang, `${name}.html`);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}
