/** What is on show, as sentences: for the live region and for captions. Pure; says only what the numbers say. */
import type { Cell, Overview, Run } from '../engine/types';
import { apartNames } from './apart';
import { tokenLabel } from './labels';
import { formatPercent } from './numbers';
import { sharedHeadOf } from './sharing';
import { whyHidden } from './visibility';

/** The parts of a run on show that sentences are made of. */
export interface Explained {
  readonly run: Run;
  readonly selection: { readonly layer: number; readonly head: number; readonly query: number; readonly key: number };
  readonly cell: Pick<Cell, 'weight' | 'masked'>;
  readonly overview: Pick<Overview, 'setApart'>;
}

/** "it looks at animal: 68 %, in layer 3, head 1. Set apart: [CLS] and [SEP] 12 %." */
export function explain(shown: Explained): string {
  const { run, selection, cell } = shown;
  const { layer, head, query, key } = selection;
  const name = (index: number) => {
    const token = run.tokens[index];
    return token === undefined ? 'nothing' : tokenLabel(token);
  };
  const shared = sharedHeadOf(run.model, head);
  const where = `in layer ${layer}, head ${head}${shared === null ? '' : `, which shares keys ${shared.kv}`}`;
  const seen = query === key ? 'itself' : name(key);
  const why = whyHidden(run, layer, query, key);
  const what = cell.masked
    ? `${name(query)} cannot see ${seen} ${where}${why === null ? '' : `: ${why}`}.`
    : `${name(query)} looks at ${seen}: ${formatPercent(cell.weight)}, ${where}.`;
  const apart = explainApart(shown);
  return apart === null ? what : `${what} ${apart}`;
}

/** "Set apart: [CLS] and [SEP] 12 %."; null where no share is set apart. */
export function explainApart({ run, selection, overview }: Explained): string | null {
  const share = shareApart({ run, selection, overview });
  if (share === 0) return null;
  return `Set apart: ${apartNames(run)} ${formatPercent(share)}.`;
}

/** The share of the selected row that goes to tokens set apart. */
export function shareApart({ run, selection, overview }: Omit<Explained, 'cell'>): number {
  const { layer, head, query } = selection;
  return overview.setApart[(layer * run.model.nHeads + head) * run.tokens.length + query] ?? 0;
}
