/** The guide's script: begins the lesson, brings its figures to life, and keeps the viewers in the text on the same sentence. */
import '../element/attention-viewer';
import type { AttentionViewer } from '../element/attention-viewer';
import { beginGuide } from '../element/guide/guide';
import { showContents, showSection } from './contents';
import saved from './examples.json';
import './theme';

/** Where the reader's sentence is kept, and how long one may be. */
const TEXT = 'headlight-guide-text';
const LONGEST = 2000;

showSection();
showContents();

const [first] = saved;
if (first === undefined) throw new Error('There are no examples.');
const lesson = await beginGuide({
  lang: document.documentElement.lang,
  text: textBefore() ?? first.text,
  example: first.text,
  trace: `traces/${first.trace}`,
  layer: first.layer,
  head: first.head,
  query: first.query,
});

lesson.sentence.subscribe(({ state: { text } }) => keepText(text));

// One sentence and one selection in every figure and in every viewer of the page.
const viewers = [...document.querySelectorAll('attention-viewer')];
let following = false;
lesson.sentence.subscribe(({ state }) => {
  following = true;
  for (const viewer of viewers) follow(viewer, state);
  following = false;
});
for (const viewer of viewers) {
  viewer.addEventListener('statechange', () => {
    if (following) return;
    const { layer, head, queryIndex: query, keyIndex: key } = viewer;
    const { state } = lesson.sentence.snapshot;
    if (state.layer !== layer || state.head !== head || state.query !== query || state.key !== key)
      lesson.sentence.change({ layer, head, query, key });
  });
}

// A figure tells which step of a head it shows: the viewers of its section show the same one.
document.addEventListener('guidestep', (event) => {
  const { step } = (event as CustomEvent<{ step: string }>).detail;
  const section = (event.target as Element).closest('.lesson');
  for (const viewer of section?.querySelectorAll('attention-viewer') ?? []) {
    const fragment = new URLSearchParams(viewer.fragment);
    fragment.set('step', step);
    viewer.fragment = fragment.toString();
  }
});

function follow(
  viewer: AttentionViewer,
  { text, layer, head, query, key }: typeof lesson.sentence.snapshot.state,
): void {
  if (viewer.text !== text) viewer.text = text;
  if (viewer.layer !== layer) viewer.layer = layer;
  if (viewer.head !== head) viewer.head = head;
  if (viewer.queryIndex !== query) viewer.queryIndex = query;
  if (viewer.keyIndex !== key) viewer.keyIndex = key;
}

/** The sentence survives a reload, and a change of language; not the visit. */
function textBefore(): string | null {
  try {
    const text = sessionStorage.getItem(TEXT);
    return text !== null && text.length <= LONGEST ? text : null;
  } catch {
    return null; // Storage may be refused.
  }
}

function keepText(text: string): void {
  try {
    if (text === first?.text) sessionStorage.removeItem(TEXT);
    else sessionStorage.setItem(TEXT, text);
  } catch {
    // As above.
  }
}
