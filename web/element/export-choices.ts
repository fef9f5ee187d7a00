/** What a snapshot has to take away: each choice by its name, and how its file is made. Draws nothing. */
import { EngineError } from '../engine/errors';
import type { Run } from '../engine/types';
import { arcFigure } from '../export/arc-figure';
import { csv } from '../export/csv';
import { glb } from '../export/gltf';
import { json } from '../export/json';
import { matrixFigure } from '../export/matrix-figure';
import { bytesOf, npy, npyHeader } from '../export/npy';
import { PRINT_DPI, PRINT_MM, printPixels, withResolution } from '../export/png';
import { MOST_FIGURE_TOKENS } from '../export/svg';
import {
  differenceTable,
  fileName,
  nameOf,
  placeOf,
  rowTable,
  shownTable,
  type Table,
  weightsTable,
} from '../export/table';
import { traceFile, weightBytes, whyNoTrace } from '../export/trace';
import { zip } from '../export/zip';
import type { Snapshot } from '../session/snapshot';
import { labelOf } from '../state/labels';
import { formatBytes } from '../state/numbers';
import { type Change, STEPS, type ViewerState } from '../state/state';
import type { DrawnScene, Reader } from './panel';
import { reading } from './reading';

/** A frame is as wide as a video. */
const FRAME_WIDTH = 1920;

/** How making a file goes on, and how it is given up. */
export interface Making {
  readonly signal: AbortSignal;
  /** How far it is, in words. */
  report(words: string): void;
  /** Whether the run is still the one on show: what is read later would be of another one. */
  isShown(run: Run): boolean;
}

export interface Choice {
  /** What kind of file, in a word or two. */
  readonly label: string;
  /** What that is good for. */
  readonly hint: string;
  readonly file: string;
  readonly type: string;
  /** Why it cannot be had here; null where it can. */
  readonly why: string | null;
  make(making: Making): Promise<BlobPart[]>;
}

export interface Group {
  readonly title: string;
  /** What exactly. */
  readonly about: string;
  readonly choices: readonly Choice[];
}

export function choicesOf(snapshot: Snapshot, reader: Reader): Group[] {
  const shown = snapshot.runs[0];
  const [table, weights] = [shownTable(snapshot), weightsTable(snapshot)];
  if (shown === undefined || table === null || weights === null) return [];
  const { run, selection } = shown;
  const difference = differenceTable(snapshot);
  const token = run.tokens[selection.query];
  const label = labelOf(token);
  return [
    { title: 'Matrix', about: nameOf(table), choices: ofMatrix(table, [placeOf(table), table.quantity]) },
    ...(difference === null
      ? []
      : [
          {
            title: 'Difference',
            about: nameOf(difference),
            choices: ofMatrix(difference, [placeOf(difference), 'difference']),
          },
        ]),
    {
      title: 'One token',
      about: `where “${label}” looks`,
      choices: ofRow(table, weights, selection.query, token?.text ?? '', snapshot.state.threshold / 100),
    },
    {
      title: 'Whole run',
      about: `${run.model.nLayers} layers × ${run.model.nHeads} heads, ${formatBytes(weightBytes(run))}`,
      choices: ofRun(run, reader),
    },
    { title: 'Scene', about: 'as it stands', choices: ofScene(snapshot, reader) },
  ];
}

const tooMany = ({ cols }: Table): string | null =>
  cols.length > MOST_FIGURE_TOKENS ? `A figure shows at most ${MOST_FIGURE_TOKENS} tokens.` : null;

function ofMatrix(table: Table, parts: readonly string[]): Choice[] {
  const { rows, cols, data } = table.matrix;
  const file = (extension: string) => fileName([...parts, ...changed(table.run)], extension);
  return [
    text('CSV', 'For spreadsheets, pandas and R', file('csv'), 'text/csv', () => csv(table)),
    whole('NPY', 'For NumPy: numpy.load', file('npy'), 'application/octet-stream', async () => [
      npy([rows, cols], data),
    ]),
    text('JSON', 'With model, text, tokens and changes', file('json'), 'application/json', () => json(table)),
    {
      ...text('Figure', 'SVG, for print', file('svg'), 'image/svg+xml', () => matrixFigure(table, reading)),
      why: tooMany(table),
    },
  ];
}

function ofRow(table: Table, weights: Table, query: number, token: string, least: number): Choice[] {
  const row = rowTable(table, query);
  const name = token.trim() === '' ? `token${query}` : token;
  const file = (of: Table, extension: string) => {
    const quantity = of.quantity === 'weights' ? [] : [of.quantity];
    return fileName([placeOf(of), ...quantity, name, ...changed(of.run)], extension);
  };
  return [
    text('CSV', `Its row of the matrix: ${nameOf(table)}`, file(table, 'csv'), 'text/csv', () => csv(row)),
    text('JSON', 'With model, text, tokens and changes', file(table, 'json'), 'application/json', () => json(row)),
    {
      ...text('Figure', 'SVG: its links as arcs over the text', file(weights, 'svg'), 'image/svg+xml', () =>
        arcFigure(weights, [query], least, reading),
      ),
      why: tooMany(weights),
    },
  ];
}

function ofRun(run: Run, { matrix, hidden }: Reader): Choice[] {
  const { nLayers, nHeads, name } = run.model;
  const n = run.tokens.length;
  const file = (extension: string) => fileName([name, ...changed(run)], extension);
  /** Numbers of this run, unless it was given up, or another one has taken its place. */
  const own = async <T>(reading: Promise<T>, { signal, isShown }: Making): Promise<T> => {
    const found = await reading;
    signal.throwIfAborted();
    if (!isShown(run)) throw gone();
    return found;
  };
  const read = (layer: number, head: number, making: Making) => {
    if (head === 0) making.report(`Reading layer ${layer} of ${nLayers}`);
    return own(matrix(layer, head, 'weights'), making);
  };
  const made = async (parts: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<BlobPart[]> => {
    const blobs: Blob[] = [];
    // The browser keeps blobs out of the page's memory where there are many.
    for await (const part of parts) blobs.push(new Blob([part]));
    return blobs;
  };
  async function* numbers(making: Making) {
    yield npyHeader([nLayers, nHeads, n, n]);
    for (let layer = 0; layer < nLayers; ++layer)
      for (let head = 0; head < nHeads; ++head) yield bytesOf((await read(layer, head, making)).data);
  }
  return [
    {
      ...whole(
        'Saved run',
        'Opens in Headlight with the same numbers',
        file('safetensors'),
        'application/octet-stream',
        (making) =>
          made(
            traceFile({
              run,
              hidden: (layer) => own(hidden(layer), making),
              read: (layer, head) => read(layer, head, making),
            }),
          ),
      ),
      why: whyNoTrace(run),
    },
    whole('NPY', 'All heads: [layer, head, query, key]', file('npy'), 'application/octet-stream', (making) =>
      made(numbers(making)),
    ),
  ];
}

function ofScene(snapshot: Snapshot, reader: Reader): Choice[] {
  const scene = reader.scene();
  const why = scene === null ? 'The scene is not on the screen.' : null;
  const { selection, run } = snapshot.runs[0] as NonNullable<(typeof snapshot.runs)[0]>;
  const place = placeOf(selection);
  const file = (what: string, extension: string) => fileName([place, what, ...changed(run)], extension);
  const seen = () => {
    const now = reader.scene();
    if (now === null) throw new EngineError({ code: 'bad-request', message: 'The scene is not on the screen.' });
    return now;
  };
  const isSteps = snapshot.state.view === 'steps';
  return [
    {
      ...whole(
        'PNG',
        `${PRINT_MM} mm wide at ${PRINT_DPI} dots per inch`,
        file('scene', 'png'),
        'image/png',
        async () => {
          await reader.settled();
          return [withResolution(await bytesOfBlob(await seen().picture(printPixels())))];
        },
      ),
      why,
    },
    {
      ...whole(
        '3D model',
        'glTF: every drawn link a named shape',
        file('scene', 'glb'),
        'model/gltf-binary',
        async () => {
          const model = seen().describe();
          if (model === null) throw new EngineError({ code: 'bad-request', message: 'The scene has no links.' });
          return [glb(model, { title: run.text.trim() || run.model.name, generator: 'Headlight' })];
        },
      ),
      why: why ?? (isSteps ? 'A 3D model is of links: the Story has them.' : null),
    },
    {
      ...whole(
        'Frames',
        isSteps ? 'A picture of each step, as a .zip' : 'A picture of each layer, as a .zip',
        file('frames', 'zip'),
        'application/zip',
        (making) => framesOf(run, snapshot.state, reader, seen, making),
      ),
      why,
    },
  ];
}

/** What is drawn one after the other: each step in the Steps view, elsewhere the chosen token in each layer. */
function sceneryOf(run: Run, { view }: ViewerState): { readonly name: string; readonly change: Change }[] {
  const numbered = (i: number) => String(i).padStart(3, '0');
  if (view === 'steps') return STEPS.map((step, i) => ({ name: `step-${numbered(i)}-${step}`, change: { step } }));
  return Array.from({ length: run.model.nLayers }, (_, layer) => ({
    name: `layer-${numbered(layer)}`,
    change: { layer },
  }));
}

/** The pictures in one .zip; then what was chosen before is chosen again. */
async function framesOf(
  run: Run,
  state: ViewerState,
  reader: Reader,
  seen: () => DrawnScene,
  { signal, report, isShown }: Making,
): Promise<BlobPart[]> {
  const scenery = sceneryOf(run, state);
  const before: Change = state.view === 'steps' ? { step: state.step } : { layer: state.layer, key: state.key };
  const frames: { name: string; data: Uint8Array }[] = [];
  try {
    for (const [i, { name, change }] of scenery.entries()) {
      signal.throwIfAborted();
      report(`Drawing ${i + 1} of ${scenery.length}`);
      reader.choose(change);
      await reader.settled();
      if (!isShown(run)) throw gone();
      frames.push({ name: `${name}.png`, data: await bytesOfBlob(await seen().picture(FRAME_WIDTH)) });
    }
  } finally {
    if (isShown(run)) reader.choose(before);
  }
  return [zip(frames)];
}

const gone = (): EngineError =>
  new EngineError({
    code: 'bad-request',
    message: 'Another run took its place while the file was made. Take it again.',
  });

const bytesOfBlob = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer());

/** Said in a file's name as well. */
const changed = ({ interventions }: Run): string[] => (interventions.length === 0 ? [] : ['changed']);

function whole(
  label: string,
  hint: string,
  file: string,
  type: string,
  make: (making: Making) => Promise<BlobPart[]>,
): Choice {
  return { label, hint, file, type, why: null, make };
}

function text(label: string, hint: string, file: string, type: string, write: () => string): Choice {
  return whole(label, hint, file, type, async () => [write()]);
}
