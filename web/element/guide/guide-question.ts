/**
 * A question to predict before the answer is shown. The page has it as a list and a folded answer; this turns the list
 * into choices, says how the choice was, unfolds the explanation and remembers.
 */
import { define } from '../define';
import { t } from '../words/words';
import { progressNow, rememberAnswer } from './progress';

const base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

export class GuideQuestion extends base {
  #choices: HTMLButtonElement[] = [];
  #verdict: HTMLElement | null = null;

  connectedCallback(): void {
    if (this.#choices.length > 0) return;
    const list = this.querySelector('ol');
    const details = this.querySelector('details');
    if (list === null || details === null) return;
    this.#choices = [...list.children].map((item, i) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'choice';
      button.append(...item.childNodes);
      button.setAttribute('aria-pressed', 'false');
      button.addEventListener('click', () => this.#choose(i, true));
      item.append(button);
      return button;
    });
    this.#verdict = document.createElement('p');
    this.#verdict.className = 'verdict';
    this.#verdict.setAttribute('role', 'status');
    details.before(this.#verdict);
    this.dataset['live'] = '';
    const answer = progressNow().answers[this.id];
    if (answer !== undefined && answer < this.#choices.length) this.#choose(answer, false);
  }

  #choose(chosen: number, isNew: boolean): void {
    const isRight = this.#isRight(chosen);
    for (const [i, button] of this.#choices.entries()) {
      button.setAttribute('aria-pressed', i === chosen ? 'true' : 'false');
      button.dataset['verdict'] = i !== chosen ? '' : isRight ? 'right' : 'wrong';
    }
    if (this.#verdict !== null) {
      this.#verdict.textContent = t(isRight ? 'question.right' : 'question.wrong');
      this.#verdict.dataset['verdict'] = isRight ? 'right' : 'wrong';
    }
    const details = this.querySelector('details');
    if (details !== null) details.open = true;
    if (isNew) rememberAnswer(this.id, chosen);
  }

  #isRight(option: number): boolean {
    return this.querySelectorAll('ol > li')[option]?.hasAttribute('data-right') === true;
  }
}

define('guide-question', GuideQuestion);
