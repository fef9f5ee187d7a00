/**
 * From a snapshot to the blocks of one step: notices what changed, and renews only that. A step becomes the next one in
 * a motion that is a function of time alone and ends in the same frame as the cut.
 */
import type { Mesh } from 'three';
import type { HeadSteps, Matrix } from '../engine/types';
import type { Snapshot } from '../session/snapshot';
import type { CameraPreset, Step, StepCell, StepMatrix } from '../state/state';
import { planBlockLabels, TONE_OF } from './block-labels';
import { type Block, type BlockLayout, betweenSteps, largestOf, layOutBlocks, rectOf } from './block-layout';
import { pickCell, type Ray } from './block-picking';
import { type BlockContent, Blocks, type Colouring, type Marks } from './blocks';
import type { CameraRig } from './camera-rig';
import { Labels } from './label-mesh';
import { type LabelWish, type PlacedLabel, placeLabels } from './labels';
import type { Vec3 } from './layout';
import { CALM, Tween } from './motion';
import type { Hit, Project } from './picking';
import type { Covered, Reading } from './scene-contract';
import type { Shared } from './shared';
import { AXES, chosenCell, MATRICES_OF, ownColumns, type ShownMatrix, shownMatrices, sourcesOf } from './step-matrices';

const NARROW = 560;
const LONGEST_NAME = 12;
/** How far the cells that take no part step back. */
const DIM = 0.42;

export class StepPicture {
  readonly meshes: readonly Mesh[];
  private readonly rig: CameraRig;
  private readonly reading: Reading;
  private readonly blocks: Blocks;
  private readonly labels: Labels;
  private readonly share = new Tween(1);
  private reduced: boolean;
  private size = { width: 1, height: 1 };
  private covered: Covered = { top: 0, bottom: 0 };
  private snapshot: Snapshot | null = null;
  private steps: HeadSteps | null = null;
  private step: Step | null = null;
  private from: BlockLayout | null = null;
  private layout: BlockLayout | null = null;
  private wishes: LabelWish[] = [];
  private placed: PlacedLabel[] = [];
  private sizes = new Map<LabelWish, readonly [w: number, h: number]>();
  private readonly most = new WeakMap<Matrix, number>();

  constructor(shared: Shared, rig: CameraRig, reading: Reading, reduced: boolean) {
    this.rig = rig;
    this.reading = reading;
    this.reduced = reduced;
    this.blocks = new Blocks(shared, Object.keys(AXES) as StepMatrix[], 1);
    this.labels = new Labels(shared, 6);
    this.meshes = [...this.blocks.meshes, this.labels.mesh];
  }

  setFont(family: string, size: number, ratio: number): void {
    this.labels.setFont(family, size, ratio);
    this.layOutAnew();
  }

  setReduced(reduced: boolean): void {
    this.reduced = reduced;
  }

  setPreset(preset: CameraPreset): void {
    this.rig.show(preset, false);
  }

  setCovered(covered: Covered): void {
    this.covered = covered;
    this.layOutAnew();
  }

  resize(width: number, height: number): void {
    this.size = { width, height };
    this.layOutAnew();
  }

  show(snapshot: Snapshot): void {
    const steps = snapshot.runs[0]?.steps ?? null;
    const { step } = snapshot.state;
    // Another head's numbers take their places at once; another step's are walked to.
    const walks = this.layout !== null && this.steps === steps && this.step !== step;
    this.from = walks ? this.layout : this.share.pending ? this.from : null;
    this.snapshot = snapshot;
    this.steps = steps;
    this.step = step;
    if (walks) this.share.aim(1, this.reduced ? 0 : CALM, 0);
    this.layOutAnew();
  }

  /** Moves on to this moment; true while there is more to come. */
  update(time: number): boolean {
    const share = this.share.at(time);
    if (!this.share.pending) this.from = null;
    const { x, y, z } = this.rig.camera.position;
    const eye: Vec3 = [x, y, z];
    this.blocks.place(this.layout === null ? [] : betweenSteps(this.from, this.layout, share), eye);
    return this.share.pending;
  }

  /** Ends what is under way at once, in the same picture. */
  finish(): void {
    this.share.aim(1, 0);
    this.from = null;
  }

  placeLabels(project: Project): void {
    // What is written belongs to where the blocks arrive.
    const wishes = this.share.pending ? [] : this.wishes;
    this.placed = placeLabels(wishes, this.size, project, (wish) => this.sizes.get(wish)!);
    this.labels.show(this.placed);
  }

  pick(x: number, y: number, ray: Ray): Hit | null {
    const label = this.placed.find(
      (box) => box.wish.token !== null && x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h,
    );
    if (label) return { kind: 'token', layer: null, query: label.wish.token! };
    const cell = pickCell(this.layout?.blocks ?? [], ray);
    return cell && { kind: 'cell', ...cell };
  }

  inspect() {
    return {
      blocks: (this.layout?.blocks ?? []).map(({ name }) => name),
      labels: this.placed.map(({ wish, x, y, w, h }) => ({
        x,
        y,
        w,
        h,
        text: wish.figure ? `${wish.text} ${wish.figure}` : wish.text,
        fontPx: this.labels.fontPx,
        token: wish.token,
      })),
    };
  }

  dropTextures(): void {
    this.labels.dropTextures();
    this.blocks.dropTextures();
  }

  private layOutAnew(): void {
    const { snapshot, steps, step, size, covered } = this;
    const view = snapshot?.runs[0];
    if (!view || !steps || !step || size.width < 2) {
      this.layout = null;
      this.wishes = [];
      return;
    }
    const { selection } = view;
    const cell = chosenCell(steps, step, snapshot.state.stepCell, selection);
    const shown = shownMatrices(steps, step, cell, selection);
    const narrow = size.width < NARROW;
    const insets = {
      left: narrow ? 58 : 96,
      right: narrow ? 14 : 36,
      top: covered.top + (narrow ? 44 : 52),
      bottom: covered.bottom + 24,
    };
    const layout = layOutBlocks(step, shown, {
      width: size.width - insets.left - insets.right,
      height: size.height - insets.top - insets.bottom,
    });
    this.layout = layout;
    this.blocks.show(layout.blocks.map((block) => this.contentOf(block, shown, steps, step, cell)));
    const nameOf = (token: number) => {
      const found = view.run.tokens[token];
      return found === undefined ? '' : this.reading.label(found, LONGEST_NAME);
    };
    const matrix = steps[cell.matrix];
    const value = matrix?.data[cell.row * matrix.cols + cell.col] ?? Number.NaN;
    this.wishes = planBlockLabels({
      layout,
      shown,
      cell,
      query: selection.query,
      key: selection.key,
      nameOf,
      number: this.reading.number(value),
      words: this.reading.words,
    });
    this.labels.prepare(this.wishes);
    this.sizes = new Map(this.wishes.map((wish) => [wish, this.labels.measure(wish)]));
    this.rig.setBox(layout.box, size, insets);
  }

  private contentOf(
    block: Block,
    shown: readonly ShownMatrix[],
    steps: HeadSteps,
    step: Step,
    cell: StepCell,
  ): BlockContent {
    const matrix = shown.find(({ name }) => name === block.name)!.matrix;
    const one = (at: number) => ({ first: at, end: at + 1 });
    const isChosen = cell.matrix === block.name;
    const hover = this.snapshot?.state.hover ?? null;
    const [rowAxis, colAxis] = AXES[block.name];
    const pointedRow = hover && (rowAxis === 'query' ? hover.query : rowAxis === 'key' ? hover.key : null);
    const pointedCol = hover && colAxis === 'key' ? hover.key : null;
    return {
      block,
      matrix,
      masks: block.name === 'weights' ? steps.scores : null,
      colouring: this.colouringOf(block.name, steps, step),
      tone: TONE_OF[block.name],
      marks: {
        ...this.litOf(block, steps, step, cell),
        chosen: isChosen ? rectOf(block, one(cell.row), one(cell.col)) : null,
        pointed:
          pointedRow == null
            ? null
            : rectOf(block, one(pointedRow), pointedCol === null ? block.cols : one(pointedCol)),
      },
    };
  }

  /** What a block gives to the chosen cell; where it gives nothing, what of it is the chosen tokens' or the head's. */
  private litOf(block: Block, steps: HeadSteps, step: Step, cell: StepCell): Pick<Marks, 'lit' | 'dim'> {
    const source = sourcesOf(steps, cell).find(({ matrix }) => matrix === block.name);
    // Where one cell becomes one cell, both blocks are to be compared, and stay as they are.
    const isOne = source && source.rows.end - source.rows.first === 1 && source.cols.end - source.cols.first === 1;
    if (source) return { lit: rectOf(block, source.rows, source.cols), dim: isOne ? 0 : DIM };
    if (step === 'concat' && block.name === 'concat') {
      return { lit: rectOf(block, block.rows, ownColumns(steps)), dim: DIM };
    }
    if (step !== 'query-key-value') return { lit: null, dim: 0 };
    const { query, key } = this.snapshot!.runs[0]!.selection;
    const token = block.name === 'query' ? query : key;
    return { lit: rectOf(block, { first: token, end: token + 1 }, block.cols), dim: 0 };
  }

  /** Before and after scaling and masking share one scale, so that what changes is seen to. */
  private colouringOf(name: StepMatrix, steps: HeadSteps, step: Step): Colouring {
    if (name === 'weights') return { kind: 'weights' };
    const together = step === 'scale' || step === 'mask' || step === 'concat' ? MATRICES_OF[step] : [name];
    const most = (matrix: Matrix | null) => {
      if (matrix === null) return 0;
      const known = this.most.get(matrix) ?? largestOf(matrix);
      this.most.set(matrix, known);
      return known;
    };
    return { kind: 'signed', most: Math.max(...together.map((one) => most(steps[one]))) };
  }
}
