/** How a run reads, for files: the words and numbers of the screen. */
import type { Reading } from '../export/reading';
import { interventionInWords } from '../state/interventions';
import { tokenLabel } from '../state/labels';
import { formatNumber, formatPercent } from '../state/numbers';
import { visibility } from '../state/visibility';

export const reading: Reading = {
  label: (token) => tokenLabel(token),
  sees: (run, layer, query, key) => visibility(run, layer, query, key) === 'visible',
  change: interventionInWords,
  number: formatNumber,
  percent: formatPercent,
};
