/** The explorer's script: hands the viewer its examples, and keeps its state in the page's address, which only it touches. */
import '../element/attention-viewer';
import { examples } from './examples';
import './theme';

/** Browsers refuse an address that changes too often. */
const SETTLING = 400;
const NOTICE = 2000;

const viewer = document.querySelector('attention-viewer');
if (viewer === null) throw new Error('explore.html has no <attention-viewer>.');

viewer.examples = examples;

// As it opens, the page needs no fragment; a fragment is a change like any other and loads nothing but the sentence.
const opening = viewer.fragment;
const follow = () => {
  if (location.hash.length > 1) viewer.fragment = location.hash;
};
follow();
addEventListener('hashchange', follow);

let settling = 0;
viewer.addEventListener('statechange', () => {
  clearTimeout(settling);
  settling = window.setTimeout(() => {
    const { fragment } = viewer;
    const address = fragment === opening ? location.pathname + location.search : `#${fragment}`;
    history.replaceState(history.state, '', address);
  }, SETTLING);
});

const share = document.querySelector<HTMLButtonElement>('.share');
const notice = document.querySelector('.notice');
if (share !== null && notice !== null) {
  const words = share.querySelector('span');
  const name = words?.textContent ?? '';
  let shown = 0;
  const say = (short: string, long: string) => {
    if (words !== null) words.textContent = short;
    notice.textContent = long;
    clearTimeout(shown);
    shown = window.setTimeout(() => {
      if (words !== null) words.textContent = name;
      notice.textContent = '';
    }, NOTICE);
  };
  share.hidden = false;
  share.addEventListener('click', async () => {
    const address = new URL(`#${viewer.fragment}`, location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      say('Copied', 'The link is copied.');
    } catch {
      // Without access to the clipboard the address bar has it.
      history.replaceState(history.state, '', address);
      say('See address', 'The clipboard is not available. The link is in the address bar.');
    }
  });
}
