/**
 * What every panel of the viewer is: a light-DOM component that shows a snapshot and asks for changes. Only this base
 * decides how panels are fed; no panel keeps a copy of the state or talks to the session.
 */
import { LitElement, type PropertyValues } from 'lit';
import type { Matrix, Measure, ModelInfo, Source, Verification } from '../engine/types';
import type { RunView, Snapshot } from '../session/snapshot';
import type { Change, Hover } from '../state/state';

/** What a panel may ask of the viewer. */
export interface Reader {
  /** The reader chose something: it is remembered, spoken, and told to the page. */
  choose(change: Change): void;
  /** The reader points at something: it lights everywhere and changes nothing. Null: at nothing. */
  point(hover: Partial<Hover> | null): void;
  /** Lets the model go on writing: so many tokens, or, null, until it is paused or comes to an end. */
  generate(steps: number | null): void;
  pause(): void;
  /** Takes the last change of the interventions back, or makes it once more. */
  undo(): void;
  redo(): void;
  /** Opens a model beside the one on show, to be compared with it. */
  compareWith(source: Source): void;
  /** Numbers of the run on show that are not in the snapshot: of any head, of any layer. */
  matrix(layer: number, head: number, measure: Measure): Promise<Matrix>;
  hidden(layer: number): Promise<Matrix>;
  /** Compares all weights of the run on show with the same softmax in float64. */
  verify(signal?: AbortSignal): Promise<Verification>;
  /** Says a sentence to assistive technology. */
  say(sentence: string): void;
}

export abstract class Panel extends LitElement {
  static override properties = { snapshot: { attribute: false }, reader: { attribute: false } };

  declare snapshot: Snapshot | undefined;
  declare reader: Reader;

  /** Inside the viewer's own shadow root: one tree for labels, parts and the contract's hooks. */
  protected override createRenderRoot(): this {
    return this;
  }

  /** What of the snapshot the panel draws. A snapshot in which all of it is the same is no reason to draw again. */
  protected sees(): readonly unknown[] {
    return [this.snapshot];
  }
  #seen: readonly unknown[] = [];

  protected override shouldUpdate(changed: PropertyValues): boolean {
    const seen = this.sees();
    const isSame = seen.length === this.#seen.length && seen.every((part, i) => part === this.#seen[i]);
    this.#seen = seen;
    return !(isSame && this.hasUpdated && changed.size === 1 && changed.has('snapshot'));
  }

  /** The run on show; undefined until there is one. */
  protected get shown(): RunView | undefined {
    return this.snapshot?.runs[0];
  }
}

/** Whose numbers are on show: the run's own model, or the loaded one before its first run. */
export function modelOf(snapshot: Snapshot | undefined): ModelInfo | null {
  const run = snapshot?.runs[0]?.run;
  if (run !== undefined && (run.backend.source === 'trace' || snapshot?.model == null)) return run.model;
  return snapshot?.model ?? null;
}
