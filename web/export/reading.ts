/** How a run reads, decided once for all views and handed in: files name things as the screen does. Types alone. */
import type { Intervention, Run, Token } from '../engine/types';

export interface Reading {
  /** A token's name on the screen. */
  label(token: Token): string;
  /** Whether a query may look at a key in a layer. */
  sees(run: Run, layer: number, query: number, key: number): boolean;
  /** What the reader changed, in words. */
  change(intervention: Intervention, run: Run): string;
  /** Three significant digits. */
  number(value: number): string;
  /** A share in prose. */
  percent(share: number): string;
}
