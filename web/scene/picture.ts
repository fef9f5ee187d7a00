/**
 * From a snapshot to what the meshes hold: notices what changed since the last one, and renews only that.
 */
import type { Mesh } from 'three';
import type { LinkList, Overview, Run } from '../engine/types';
import type { RunView, Snapshot } from '../session/snapshot';
import type { SceneModel } from '../state/scene-model';
import type { CameraPreset, HeadPlace } from '../state/state';
import type { CameraRig } from './camera-rig';
import { describeScene } from './description';
import { Dots } from './dots';
import { type Focus, focusOf, isApart } from './focus';
import { Labels } from './label-mesh';
import { LABEL_DROP, LABEL_ROW, LONGEST_LABEL, planLabels } from './label-plan';
import { type LabelWish, type PlacedLabel, placeLabels } from './labels';
import { planLaneLabels, planLaneStrokes } from './lane-plan';
import { drawnOut, type Lane } from './lanes';
import { betweenLayouts, type Layout, labelRows, layOut } from './layout';
import { Lines } from './lines';
import { LinkTexture, Ribbons } from './links';
import { CALM, GLIDE, QUICK, Tween } from './motion';
import { countAtLeast, type FocusList, focusList, linkCount } from './packing';
import type { HeadHit, Hit, LinkHit, Project, TokenHit } from './picking';
import type { Covered, Reading } from './scene-contract';
import type { Shared } from './shared';
import { dimmed, planStrokes } from './strokes';
import { tokenValues } from './token-values';
import { TokenWindow } from './token-window';
import { focusLight, massLight } from './visuals';

const NARROW = 560;
const NO_LINKS: LinkList = new Uint32Array(0);
/** Tokens that come faster than this, in milliseconds, come without a show of light. */
const UNHURRIED = 500;
/** Heads lean out further where the camera looks along them. */
const FAN_GAIN: Record<CameraPreset, number> = { front: 1, side: 2, above: 2 };

export class Picture {
  readonly meshes: readonly Mesh[];
  private readonly shared: Shared;
  private readonly rig: CameraRig;
  private readonly reading: Reading;
  private readonly window = new TokenWindow();
  private readonly lines: Lines;
  private readonly dots: Dots;
  private readonly mass: Ribbons;
  private readonly glow: Ribbons;
  private readonly core: Ribbons;
  private readonly labels: Labels;
  private readonly massLinks: LinkTexture;
  private readonly focusLinks: LinkTexture;

  private readonly travel = new Tween(1);
  private readonly dim = new Tween(0);
  private readonly shape = new Tween(1);
  private reduced: boolean;
  private font = { family: '', size: 0, ratio: 0 };
  private size = { width: 1, height: 1 };
  private covered: Covered = { top: 0, bottom: 0 };
  private preset: CameraPreset = 'front';
  /** The heads that have a lane; empty: the picture is the tower. */
  private lanes: readonly HeadPlace[] = [];

  private snapshot: Snapshot | null = null;
  private view: RunView | null = null;
  private overview: Overview | null = null;
  private focus: Focus | null = null;
  private focused: FocusList = { list: NO_LINKS, count: 0, chosen: 0 };
  private texts: string[] = [];
  private labelWidths: number[] = [];
  private rows = 1;
  /** Whether the text grows token by token: what stands in the picture then stays where it is. */
  private growing = false;
  private grown = false;
  private grownAt = -Infinity;
  private oldLayout: Layout | null = null;
  private goal: Layout | null = null;
  private layout: Layout | null = null;
  private wishes: LabelWish[] = [];
  private placed: PlacedLabel[] = [];
  private sizes = new Map<LabelWish, readonly [w: number, h: number]>();

  constructor(shared: Shared, rig: CameraRig, reading: Reading, reduced: boolean) {
    this.shared = shared;
    this.rig = rig;
    this.reading = reading;
    this.reduced = reduced;
    this.lines = new Lines(shared, 1);
    this.mass = new Ribbons(shared, 'mass', 16, 2);
    this.glow = new Ribbons(shared, 'glow', 32, 3);
    this.core = new Ribbons(shared, 'focus', 32, 4);
    this.dots = new Dots(shared, 5);
    this.labels = new Labels(shared, 6);
    this.massLinks = new LinkTexture(shared);
    this.focusLinks = new LinkTexture(shared);
    this.meshes = [this.lines, this.mass, this.glow, this.core, this.dots, this.labels].map((part) => part.mesh);
  }

  /** A ratio that changes alone is the same picture in more or fewer pixels: labels are drawn anew, and nothing moves. */
  setFont(family: string, size: number, ratio: number): void {
    const last = this.font;
    this.font = { family, size, ratio };
    this.labels.setFont(family, size, ratio);
    if (last.family === family && last.size === size && last.ratio !== ratio) this.replan();
    else this.layOutAnew(0, false);
  }

  setReduced(reduced: boolean): void {
    this.reduced = reduced;
  }

  setPreset(preset: CameraPreset): void {
    this.rig.show(preset, this.lanes.length > 0);
    if (preset === this.preset) return;
    this.preset = preset;
    this.layOutAnew(CALM);
  }

  setCovered(covered: Covered): void {
    this.covered = covered;
    this.layOutAnew(0);
  }

  resize(width: number, height: number): void {
    this.size = { width, height };
    this.layOutAnew(0, false);
  }

  show(whole: Snapshot): void {
    const snapshot = this.window.of(whole);
    const view = snapshot.runs[0] ?? null;
    const before = { snapshot: this.snapshot, view: this.view, focus: this.focus };
    this.snapshot = snapshot;
    this.view = view;
    if (!view) {
      this.clear();
      return;
    }
    const sameRun = view.run === before.view?.run;
    const { state } = snapshot;
    const filtered =
      state.threshold !== before.snapshot?.state.threshold || state.apart !== before.snapshot?.state.apart;
    if (!sameRun) {
      this.growing = before.view !== null && continues(before.view.run, view.run);
      this.grown = this.growing;
      this.texts = view.run.tokens.map((token) => this.reading.label(token, LONGEST_LABEL));
    }
    this.focus = focusOf(snapshot, view);
    if (view.overview !== this.overview || filtered) this.showMass(view.overview, view.overview !== this.overview);
    if (view.row !== before.view?.row || filtered || !sameFocus(this.focus, before.focus)) {
      this.showFocus(view, this.focus);
      // Typing cuts: only a choice within one text sends the light on its way.
      const chosen = this.focus.query !== null && !sameFocus(this.focus, before.focus);
      if (chosen && (sameRun || !before.view)) this.travel.aim(1, this.motion(CALM), 0);
    }
    const dim = this.focus.query === null ? 0 : 1;
    if (dim !== this.dim.goal) this.dim.aim(dim, sameRun ? this.motion(QUICK) : 0);
    const lanes = state.view === 'heads' ? this.reading.lanes(state, view.selection, view.run.model) : [];
    const isOtherView = (lanes.length === 0) !== (this.lanes.length === 0);
    const isOtherLanes = !sameHeads(lanes, this.lanes);
    this.lanes = lanes;
    if (isOtherView) this.rig.show(this.preset, lanes.length > 0);
    const opened = openLayer(view) !== (before.snapshot && before.view ? openLayer(before.view) : null);
    if (!sameRun || opened || isOtherLanes || !this.layout) {
      this.layOutAnew(isOtherView && sameRun ? GLIDE : sameRun || this.growing ? CALM : 0);
    } else this.replan();
  }

  /** Ends what is under way at once, in the same picture. */
  finish(): void {
    if (!this.shape.pending || !this.goal) return;
    this.shape.aim(1, 0);
    this.oldLayout = null;
    this.layout = this.goal;
    this.shared.setLayout(this.layout);
    this.showDots(this.layout);
    this.replan();
  }

  /** Moves on to this moment; true while there is more to come. */
  update(time: number): boolean {
    const { uTravel, uFocus } = this.shared.uniforms;
    if (this.grown) {
      // A token that the reader waited for brings its own light.
      if (time - this.grownAt > UNHURRIED && this.focus?.query !== null) this.travel.aim(1, this.motion(CALM), 0);
      this.grown = false;
      this.grownAt = time;
    }
    uTravel.value = this.travel.at(time);
    const focus = this.focus;
    uFocus.value.set(focus?.layer ?? -1, focus?.head ?? -1, focus?.query ?? -1, this.dim.at(time));
    if (this.shape.pending && this.oldLayout && this.goal) {
      const share = this.shape.at(time);
      this.layout = share < 1 ? betweenLayouts(this.oldLayout, this.goal, share) : this.goal;
      this.shared.setLayout(this.layout);
      this.showDots(this.layout);
      this.replan();
    }
    return this.travel.pending || this.dim.pending || this.shape.pending;
  }

  placeLabels(project: Project): void {
    this.placed = placeLabels(this.wishes, this.size, project, (wish) => this.sizes.get(wish)!);
    this.labels.show(this.placed);
  }

  /** The token, or the head of a lane, whose label lies under a point. */
  labelAt(x: number, y: number): TokenHit | HeadHit | null {
    const label = this.placed.find(
      (box) => box.wish.token !== null && x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h,
    );
    if (label) return { kind: 'token', layer: label.wish.layer, query: label.wish.token! };
    const named = this.placed.find(
      (box) => box.wish.head !== undefined && x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h,
    );
    return named ? { kind: 'head', layer: named.wish.layer!, head: named.wish.head! } : null;
  }

  /** What was hit, by its numbers in the whole text. */
  inWhole(hit: TokenHit | HeadHit | LinkHit): Hit {
    const { first } = this.window;
    if (hit.kind === 'head') return hit;
    const query = hit.query + first;
    return hit.kind === 'token' ? { ...hit, query } : { ...hit, query, key: hit.key + first };
  }

  pickable() {
    return {
      layout: this.layout,
      nHeads: this.shared.uniforms.uHeads.value,
      lists: [
        { list: this.focused.list, count: this.focused.count },
        { list: this.overview?.links ?? NO_LINKS, count: this.mass.count },
      ],
    };
  }

  /** What is drawn, as shapes; null before there is anything. */
  describe(): SceneModel | null {
    const { goal, focused, texts } = this;
    if (goal === null) return null;
    const { nHeads } = this.pickable();
    const mass = { list: this.overview?.links ?? NO_LINKS, count: this.mass.count };
    return describeScene({ layout: goal, nHeads, focused, mass, labels: texts, first: this.window.first });
  }

  inspect() {
    return {
      linksListed: linkCount(this.overview?.links ?? NO_LINKS),
      linksDrawn: this.mass.count,
      focusLinks: this.focused.count,
      chosenLinks: this.focused.chosen,
      labels: this.placed.map(({ wish, x, y, w, h }) => ({
        x,
        y,
        w,
        h,
        text: wish.figure ? `${wish.text} ${wish.figure}` : wish.text,
        fontPx: this.labels.fontPx,
        token: wish.token === null ? null : wish.token + this.window.first,
      })),
    };
  }

  dropTextures(): void {
    this.labels.dropTextures();
    this.massLinks.texture.dispose();
    this.focusLinks.texture.dispose();
  }

  private motion(duration: number): number {
    return this.reduced ? 0 : duration;
  }

  private clear(): void {
    this.overview = this.focus = this.layout = this.goal = this.oldLayout = null;
    this.focused = { list: NO_LINKS, count: 0, chosen: 0 };
    this.texts = [];
    this.wishes = [];
    this.mass.show(this.massLinks, 0);
    this.glow.show(this.focusLinks, 0);
    this.core.show(this.focusLinks, 0);
    this.dots.show(0, 0, 0, 0, 0);
    this.lines.show([]);
  }

  private showMass(overview: Overview, fresh: boolean): void {
    this.overview = overview;
    if (fresh) this.massLinks.set(overview.links);
    const count = countAtLeast(overview.links, this.snapshot!.state.threshold / 100);
    this.mass.show(this.massLinks, count, massLight(count));
  }

  private showFocus(view: RunView, focus: Focus): void {
    const least = this.snapshot!.state.threshold / 100;
    const links = focus.query === null ? NO_LINKS : view.row.links;
    this.focused = focusList(links, least, focus, focus.link);
    this.focusLinks.set(this.focused.list);
    this.core.show(this.focusLinks, this.focused.count, focusLight(this.focused.count - this.focused.chosen));
    this.glow.show(this.focusLinks, this.focused.chosen);
  }

  /**
   * Places everything for the present text, size and open layer, and frames it. A growing text keeps its places, unless
   * what they were made for has changed.
   */
  private layOutAnew(duration: number, keep = true): void {
    const { snapshot, view, size, covered } = this;
    if (!snapshot || !view || size.width < 2) return;
    const { nLayers, nHeads } = view.run.model;
    const narrow = size.width < NARROW;
    const labelWidths = this.texts.map((text) => this.labels.words.widthOf({ text, figure: '', bold: false }) + 6);
    this.labelWidths = labelWidths;
    // A lane's name needs more room than a layer's number.
    const [left, right] = narrow ? [this.lanes.length > 0 ? 60 : 36, 18] : [84, 32];
    const width = size.width - left - right;
    const drop = (rows: number) => LABEL_DROP + 12 + rows * LABEL_ROW - LABEL_ROW / 2;
    const request = {
      labelWidths,
      nLayers,
      openLayer: openLayer(view),
      width,
      fanGain: FAN_GAIN[this.preset],
      growing: this.growing ? { before: keep ? this.goal : null } : null,
    };
    this.rows = labelRows(layOut({ ...request, height: 100 }).x, labelWidths);
    const margin = drop(this.rows);
    const height = Math.max(120, size.height - covered.top - covered.bottom - 2 * margin);
    const layout = drawnOut(layOut({ ...request, height }), this.lanes, nHeads, height);
    const old = this.layout;
    const sameText = old !== null && (this.growing || old.x.length === layout.x.length);
    const moves = old !== null && sameText && changes(old, layout) ? this.motion(duration) : 0;
    this.goal = layout;
    this.oldLayout = moves > 0 ? old : null;
    this.shape.aim(1, this.oldLayout ? moves : 0, 0);
    this.layout = this.oldLayout ? betweenLayouts(this.oldLayout, layout, 0) : layout;
    this.shared.uniforms.uHeads.value = nHeads;
    this.shared.setLayout(this.layout);
    this.showDots(this.layout);
    this.rig.setBox(layout.box, size, { left, right, top: covered.top + margin, bottom: covered.bottom + margin });
    this.replan();
  }

  /** Everything that follows from layout and focus, and is cheap. */
  private replan(): void {
    const { snapshot, view, focus, layout, texts, labelWidths, rows } = this;
    if (!snapshot || !view || !focus || !layout) return;
    const narrow = this.size.width < NARROW;
    const { query, layer } = focus;
    const hidden = (token: number) => query !== null && !this.reading.sees(view.run, layer, query, token);
    const { words } = this.reading;
    const plan = { snapshot, view, focus, layout, texts, labelWidths, rows, narrow, hidden, words };
    const apart = (token: number) => isApart(view, token);
    const strokes = { layout, focus, apart, hidden, labelWidths, rows };
    const { spread } = layout;
    this.wishes = spread < 0.5 ? planLabels({ ...plan, layout: { ...layout, lanes: [] } }) : planLaneLabels(plan);
    this.labels.prepare(this.wishes);
    this.sizes = new Map(this.wishes.map((wish) => [wish, this.labels.measure(wish)]));
    const tower = spread < 1 ? planStrokes({ ...strokes, layout: { ...layout, lanes: [] } }) : [];
    this.lines.show([...dimmed(tower, 1 - spread), ...dimmed(planLaneStrokes(strokes), spread)]);
    this.shared.setTokens(tokenValues(view, focus, layout, apart, this.reading), layout.x.length);
  }

  private showDots({ x, levels, lanes, spacing }: Layout): void {
    const lane = this.goal?.lanes[0];
    const band = lane === undefined ? leastBand(levels) : lane.high - lane.low;
    this.dots.show(x.length, levels.length, lanes.length, spacing, band);
  }
}

/** The layer whose band is open: that of the selection. What is merely hovered must not move under the pointer. */
function openLayer(view: RunView): number | null {
  return isApart(view, view.selection.query) ? null : view.selection.layer;
}

function sameFocus(a: Focus, b: Focus | null): boolean {
  return b !== null && a.layer === b.layer && a.head === b.head && a.query === b.query && a.link?.key === b.link?.key;
}

function sameHeads(a: readonly HeadPlace[], b: readonly HeadPlace[]): boolean {
  return a.length === b.length && a.every(({ layer, head }, i) => layer === b[i]?.layer && head === b[i].head);
}

function leastBand(levels: Float32Array): number {
  let least = Infinity;
  for (let i = 1; i < levels.length; i++) least = Math.min(least, levels[i]! - levels[i - 1]!);
  return least;
}

/** Whether a run goes on with, or goes back on, the generated tokens of another one. */
function continues(before: Run, run: Run): boolean {
  const { length } = run.tokens.length < before.tokens.length ? run.tokens : before.tokens;
  if (run.generated.length === before.generated.length || length === 0) return false;
  for (let i = 0; i < length; i++) {
    const [a, b] = [before.tokens[i]!, run.tokens[i]!];
    if (a.id !== b.id || a.piece !== b.piece || a.special !== b.special) return false;
  }
  return true;
}

/** Whether anything that both layouts have stands elsewhere. */
function changes(from: Layout, to: Layout): boolean {
  const moved = (a: Float32Array, b: Float32Array) =>
    a.some((value, i) => i < b.length && Math.abs(value - b[i]!) > 0.01);
  if (from.levels.length !== to.levels.length) return false;
  if (from.spread !== to.spread || moves(from.lanes, to.lanes)) return true;
  return from.fan !== to.fan || moved(from.x, to.x) || moved(from.levels, to.levels);
}

function moves(from: readonly Lane[], to: readonly Lane[]): boolean {
  return from.length !== to.length || from.some((lane, i) => lane.z !== to[i]?.z || lane.low !== to[i].low);
}
