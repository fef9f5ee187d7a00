/** Which model answers, and the way to another. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { define } from './define';
import { modelOf, Panel } from './panel';
import { bytes, count, data } from './printed';

export class ModelBar extends Panel {
  protected override render(): TemplateResult {
    return html`
      ${this.#chip()}
      <button
        class="open"
        aria-haspopup="dialog"
        @click=${() => this.dispatchEvent(new CustomEvent('openmodel', { bubbles: true }))}
      >
        Open model
      </button>
    `;
  }

  #chip(): TemplateResult | typeof nothing {
    const run = this.shown?.run;
    const model = modelOf(this.snapshot);
    if (model === null) return nothing;
    const backend = run?.backend;
    const fromTrace = backend?.source === 'trace';
    return html`
      <div class="chip" part="backend" data-module=${backend?.module ?? nothing} data-precision=${backend?.precision ?? nothing}>
        <span class="name" title=${model.name}>${model.name}</span>
        ${fromTrace ? html`<span class="mark" title="A saved run. It is shown as it was saved.">saved run</span>` : nothing}
        <span class="muted facts">
          ${count(model.nLayers)} layers × ${count(model.nHeads)} heads${model.bytes === null ? nothing : html` · ${bytes(model.bytes)}`}
          ${
            backend === undefined || fromTrace
              ? nothing
              : html`<span
                  class="exact"
                  title="Precision and instruction set of the core; no weight differs from PyTorch's by more than the tolerance."
                  >· ${backend.precision}, ${backend.module}, ±${data(backend.tolerance, tolerance(backend.tolerance))}</span
                >`
          }
        </span>
      </div>
    `;
  }
}

/** 0.00002 as `2e−5`: a tolerance is read by its exponent. */
function tolerance(value: number): string {
  return value.toExponential().replace('-', '\u2212');
}

define('attn-model-bar', ModelBar);

export const modelBarStyles = css`
  attn-model-bar {
    display: flex;
    align-items: center;
    flex-wrap: wrap;
    gap: 8px;
    min-width: 0;
  }
  attn-model-bar > * {
    min-height: 36px;
  }
  .chip {
    display: flex;
    align-items: center;
    gap: 8px;
    min-width: 0;
    padding: 0 12px;
    border: 1px solid var(--line);
    border-radius: 999px;
    font-size: 0.8125rem;
  }
  .chip .name {
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    max-width: 14rem;
  }
  .chip .facts {
    white-space: nowrap;
  }
  .mark {
    padding: 0 7px;
    border: 1px dashed var(--muted);
    border-radius: 999px;
    font-size: var(--small);
    white-space: nowrap;
  }
  @container viewer (max-width: 1279px) {
    .chip .exact {
      display: none;
    }
  }
  @container viewer (max-width: 1099px) {
    .chip .facts {
      display: none;
    }
  }
  @container viewer (max-width: 700px) {
    attn-model-bar {
      flex: 1 1 100%;
    }
    .chip {
      flex: 1;
    }
    attn-model-bar > * {
      min-height: max(36px, var(--target));
    }
  }
`;
