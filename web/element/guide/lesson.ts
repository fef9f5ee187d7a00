/**
 * What the guide is about at any moment: the reader's sentence on the small model, the generating model once it is asked
 * for, and experiments that run other texts beside them. The only part of the guide that talks to sessions and engine.
 */
import { sharedEngine } from '../../engine/engine';
import type { Engine, Intervention, LinkFilter, Loaded, Matrix, Run, RunText } from '../../engine/types';
import { createSession, type Session } from '../../session/session';
import type { Snapshot } from '../../session/snapshot';
import type { Change, Hover } from '../../state/state';
import { startingBudget } from '../memory-budget';

/** A model that the guide uses, and what it begins with. */
export interface Source {
  readonly model: string;
  /** A saved run that is shown until the model is there. */
  readonly trace: string | null;
  /** What is downloaded, in bytes. */
  readonly bytes: number;
}

/** One of the guide's two models, and what is going on with it. */
export interface Stage {
  readonly source: Source;
  readonly snapshot: Snapshot;
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
  change(change: Change): void;
  /** The reader points at something; null: at nothing. */
  point(hover: Partial<Hover> | null): void;
  generate(steps: number | null): void;
  pause(): void;
  /** Loads the model, once; later calls wait for the same load. Rejects where it fails, and may be called again. */
  start(): Promise<void>;
  /** Whether `start` has been called and has not failed. */
  readonly started: boolean;
  settled(): Promise<unknown>;
  /** The stream that enters a layer of the run on show: several figures show it, and it is fetched once. */
  stream(run: Run, layer: number): Promise<Matrix>;
  /**
   * Runs texts on the model, hands the runs to `work`, and frees them afterwards. Waits for the model, but does not start
   * it. Experiments take turns: they share the worker with the reader's own run, which comes first.
   */
  experiment<T>(asked: readonly Asked[], work: (engine: Engine, runs: readonly Run[]) => Promise<T>): Promise<T>;
}

/** A text for an experiment, and what is changed about its run. */
export interface Asked {
  readonly text: string;
  readonly chat?: boolean;
  /** Ids of tokens that follow the text's own. */
  readonly generated?: readonly number[];
  readonly interventions?: readonly Intervention[];
}

export interface Lesson {
  /** The sentence that the guide's text speaks of. */
  readonly example: string;
  /** The reader's sentence. */
  readonly sentence: Stage;
  /** The generating model; nothing is loaded until it is started. */
  readonly generator: Stage;
}

/** For experiments that draw no links: an overview for its metrics, a row for its weights. */
export const noLinks = ({ tokens, model }: Run): LinkFilter => ({
  apart: new Uint8Array(tokens.length),
  heads: new Uint8Array(model.nLayers * model.nHeads),
  budget: 0,
});

let lesson: Lesson | null = null;

/** Says what the page's lesson begins with. Once, before any figure is defined. */
export function beginLesson(sentence: Source, generator: Source, initial: Change, example: string): Lesson {
  const engine = sharedEngine();
  engine.setBudget(startingBudget());
  lesson = {
    example,
    sentence: createStage(engine, sentence, initial),
    generator: createStage(engine, generator, {}),
  };
  return lesson;
}

/** The page's one lesson. */
export function theLesson(): Lesson {
  if (lesson === null) throw new Error('beginLesson has not been called.');
  return lesson;
}

function createStage(engine: Engine, source: Source, initial: Change): Stage {
  const session: Session = createSession(engine, initial);
  const address = (path: string) => new URL(path, document.baseURI);
  let starting: Promise<Loaded> | null = null;
  let there: (loaded: Loaded) => void = () => {};
  /** The model under a name of the experiments' own, so that their runs are freed apart from the session's. */
  const bench = new Promise<Loaded>((resolve) => {
    there = resolve;
  });
  let last: Promise<unknown> = Promise.resolve();
  let kept: { readonly run: number; readonly layer: number; readonly stream: Promise<Matrix> } | null = null;
  if (source.trace !== null) session.showTrace(address(source.trace)).catch(() => {}); // The session publishes it.

  async function start(): Promise<Loaded> {
    await session.load(address(source.model), { shared: true });
    const loaded = await engine.load(address(source.model), { shared: true });
    there(loaded);
    return loaded;
  }

  async function turn<T>(asked: readonly Asked[], work: (engine: Engine, runs: readonly Run[]) => Promise<T>) {
    const { id } = await bench;
    await session.settled();
    const runs: Run[] = [];
    try {
      for (const each of asked) {
        const text: RunText = { chat: false, generated: [], interventions: [], ...each };
        runs.push(await engine.run(id, text));
      }
      return await work(engine, runs);
    } finally {
      for (const run of runs) engine.releaseRun(run.id);
    }
  }

  return {
    source,
    get snapshot() {
      return session.snapshot;
    },
    subscribe: (listener) => session.subscribe(listener),
    change: (change) => session.change(change),
    point: (hover) =>
      session.change({ hover: hover === null ? null : { layer: null, head: null, query: null, key: null, ...hover } }),
    generate: (steps) => session.generate(steps),
    pause: () => session.pause(),
    async start() {
      starting ??= start();
      try {
        await starting;
      } catch (error) {
        starting = null;
        throw error;
      }
    },
    get started() {
      return starting !== null;
    },
    settled: () => session.settled(),
    stream({ id: run }, layer) {
      if (kept?.run === run && kept.layer === layer) return kept.stream;
      const stream = engine.hidden(run, layer);
      const mine = { run, layer, stream };
      kept = mine;
      stream.catch(() => {
        if (kept === mine) kept = null;
      });
      return stream;
    },
    experiment(asked, work) {
      const mine = last.then(() => turn(asked, work));
      last = mine.catch(() => {});
      return mine;
    },
  };
}
