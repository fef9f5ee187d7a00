/** The guide's list of contents: where the reader is and what has been read; and one section alone, for another page's frame. */
import { watchProgress } from '../element/guide/progress';

/** Shows the section alone that the page's address asks for; all of them where there is no such section. */
export function showSection(): void {
  const { only } = document.documentElement.dataset;
  if (only === undefined) return;
  const section = document.getElementById(only);
  if (section?.classList.contains('lesson')) section.classList.add('only');
  else delete document.documentElement.dataset['only'];
}

export function showContents(): void {
  const items = [...document.querySelectorAll<HTMLElement>('.contents li')];
  watchProgress(({ read }) => {
    for (const item of items) item.toggleAttribute('data-read', read.includes(item.dataset['section'] ?? ''));
  });
  // A section is where the reader is while it crosses the upper third of the window.
  const here = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        for (const item of items) {
          const link = item.querySelector('a');
          if (item.dataset['section'] === target.id) link?.setAttribute('aria-current', 'true');
          else link?.removeAttribute('aria-current');
        }
      }
    },
    { rootMargin: '-25% 0px -70% 0px' },
  );
  for (const section of document.querySelectorAll('.lesson')) here.observe(section);
}
