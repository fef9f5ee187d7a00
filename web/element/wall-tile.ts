/** One head of the wall as a button: the same in the grid and in the ranking. */
import { html, type nothing, type TemplateResult } from 'lit';
import type { HeadPlace } from '../state/state';

/** What a tile may ask of the wall. */
export interface TileActions {
  choose(place: HeadPlace): void;
  point(place: HeadPlace): void;
  leave(): void;
  key(event: KeyboardEvent): void;
}

export interface TileLook {
  readonly selection: HeadPlace;
  readonly hover: { readonly layer?: number | null; readonly head?: number | null } | null;
  /** For those who hear it, and on hover. */
  readonly name: string;
  /** Further classes, each with a space before it. */
  readonly marks: string;
  readonly style: string;
  readonly isTabStop: boolean;
  readonly content: TemplateResult | typeof nothing;
}

export function tile(place: HeadPlace, look: TileLook, actions: TileActions): TemplateResult {
  const { layer, head } = place;
  const { selection, hover } = look;
  const isChosen = layer === selection.layer && head === selection.head;
  const isLit = hover !== null && hover.layer === layer && hover.head === head;
  return html`<button
    class=${`tile${isChosen ? ' chosen' : ''}${isLit ? ' lit' : ''}${look.marks}`}
    data-tile=${`${layer}.${head}`}
    aria-label=${look.name}
    aria-pressed=${isChosen ? 'true' : 'false'}
    title=${look.name}
    tabindex=${look.isTabStop ? 0 : -1}
    .style=${look.style}
    @click=${() => actions.choose(place)}
    @focus=${() => actions.point(place)}
    @blur=${actions.leave}
    @pointerenter=${() => actions.point(place)}
  >${look.content}</button>`;
}

/** The head that a tile stands for; null for anything else. */
export function placeOf(target: EventTarget | null): HeadPlace | null {
  const name = target instanceof HTMLElement ? target.dataset['tile'] : undefined;
  if (name === undefined) return null;
  const [layer = 0, head = 0] = name.split('.').map(Number);
  return { layer, head };
}
