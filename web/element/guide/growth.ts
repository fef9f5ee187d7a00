/** How weights and times grow with a text's length: each as so many times what it is for the shortest, both axes by doubling. */
import { html, svg, type TemplateResult } from 'lit';
import type { Run } from '../../engine/types';
import { t } from '../words/words';
import { type Cost, LENGTHS, LONGEST, weightCount } from './costs';

const LEFT = 58;
const BOTTOM = 258;
const COLUMN = 62;
const DOUBLING = 24.5;
const [SHORTEST] = LENGTHS;
/** From the shortest text to the longest. */
const END = LONGEST / SHORTEST;

type Point = readonly [nTokens: number, times: number];
type Mark = (x: number, y: number) => TemplateResult;

const square: Mark = (x, y) => svg`<rect x=${x - 4} y=${y - 4} width="8" height="8" />`;
const circle: Mark = (x, y) => svg`<circle cx=${x} cy=${y} r="4.5" />`;
const cross: Mark = (x, y) => svg`<path d=${`M${x - 4} ${y - 4}l8 8m0 -8l-8 8`} />`;

const x = (nTokens: number) => LEFT + COLUMN * Math.log2(nTokens / SHORTEST);
const y = (times: number) => BOTTOM - DOUBLING * Math.log2(times);

export function growthPlot(costs: readonly Cost[], model: Run['model']): TemplateResult {
  const lengths = [...LENGTHS, LONGEST];
  const [first] = costs;
  const growth = (of: (cost: Cost) => number): readonly Point[] =>
    first === undefined ? [] : costs.map((cost) => [cost.nTokens, of(cost) / of(first)]);
  const counted = lengths.map((n): Point => [n, weightCount(n, model) / weightCount(SHORTEST, model)]);
  return html`<svg class="growth" viewBox="0 0 384 330" role="img" aria-label=${t('cost.plot')}>
    ${[1, 4, 16, 64, 256, 1024].map(
      (times) => svg`<path class="grid" d=${`M${LEFT} ${y(times)}H${x(LONGEST)}`} />
        <text class="tick end" x=${LEFT - 8} y=${y(times) + 4}>${times.toLocaleString('en')}×</text>`,
    )}
    ${lengths.map((n) => svg`<text class="tick middle" x=${x(n)} y=${BOTTOM + 20}>${n}</text>`)}
    <text class="tick middle" x=${(LEFT + x(LONGEST)) / 2} y=${BOTTOM + 38}>${t('cost.axis')}</text>
    <path class="slope" d=${`M${x(SHORTEST)} ${y(1)}L${x(LONGEST)} ${y(END)}M${x(SHORTEST)} ${y(1)}L${x(LONGEST)} ${y(END * END)}`} />
    <text class="tick end" x=${x(LONGEST)} y=${y(END) - 14}>${t('cost.slope-1')}</text>
    <text class="tick end" x=${x(64) - 6} y=${y(16) - 12}>${t('cost.slope-2')}</text>
    ${series('counted', counted, cross)}
    ${series(
      'alone',
      growth(({ weightsMs }) => weightsMs),
      square,
    )}
    ${series(
      'forward',
      growth(({ forwardMs }) => forwardMs),
      circle,
    )}
    ${legend('counted', 0, cross, t('cost.weights'))}
    ${legend('alone', 140, square, t('cost.again'))}
    ${legend('forward', 264, circle, t('cost.forward'))}
  </svg>`;
}

function series(name: string, points: readonly Point[], mark: Mark): TemplateResult {
  const line = points.map(([nTokens, times]) => `${x(nTokens).toFixed(1)},${y(times).toFixed(1)}`).join(' ');
  return svg`<g class=${name}><polyline points=${line} />${points.map(([nTokens, times]) => mark(x(nTokens), y(times)))}</g>`;
}

function legend(name: string, at: number, mark: Mark, words: string): TemplateResult {
  return svg`<g class=${name}>${mark(at + 6, 320)}<text class="tick" x=${at + 16} y="324">${words}</text></g>`;
}
