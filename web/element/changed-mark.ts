/** The mark of a run that the reader changed: wherever its numbers stand, it says that they are not the model's own. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Run } from '../engine/types';
import { interventionInWords } from '../state/interventions';

/** More changes are not named in the mark's title. */
const MOST_NAMED = 6;

/** "changed", with what was changed as its title; nothing for the model's own numbers. */
export function changedMark(run: Run | undefined): TemplateResult | typeof nothing {
  if (run === undefined || run.interventions.length === 0) return nothing;
  return html`<span class="changed-mark" title=${`Not the model’s own numbers. ${changesInWords(run)}`}>changed</span>`;
}

/** "You changed: Layer 3, head 1 switched off." */
export function changesInWords(run: Run): string {
  const { interventions } = run;
  const named = interventions.slice(0, MOST_NAMED).map((one) => interventionInWords(one, run));
  const rest = interventions.length - named.length;
  return `You changed: ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`;
}

export const changedMarkStyles = css`
  .changed-mark {
    display: inline-block;
    padding: 0 7px;
    border: 1px solid var(--accent);
    border-radius: 999px;
    color: var(--accent);
    font-size: var(--small);
    font-weight: 600;
    line-height: 1.45;
    white-space: nowrap;
  }
`;
