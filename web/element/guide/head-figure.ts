/** A figure about the head that is chosen: what it needs of the run on show, the same for all such figures. */
import type { HeadSteps, Matrix } from '../../engine/types';
import type { RunView, Snapshot } from '../../session/snapshot';
import { Figure } from './figure';

export interface HeadView {
  readonly shown: RunView;
  readonly steps: HeadSteps;
  /** [nTokens, dModel] the stream that enters the head's layer. */
  readonly stream: Matrix;
}

export abstract class HeadFigure extends Figure<HeadView> {
  /** A saved run has no steps. */
  protected override sees({ model, runs: [shown] }: Snapshot): readonly unknown[] | null {
    return model === null || shown?.steps == null ? null : [shown.run, shown.steps, shown.cell];
  }

  protected override async ask({ runs }: Snapshot): Promise<HeadView> {
    const shown = runs[0] as RunView;
    const stream = await this.stage.stream(shown.run, shown.selection.layer);
    return { shown, steps: shown.steps as HeadSteps, stream };
  }
}
