/** Chat templates: which are offered, what they put around a text, and that none of them can hang or harm. */
import { describe, expect, test } from 'vitest';
import { chatFrame } from '../../web/engine/chat';
import { readGgufTokenizer, readTokenizer } from '../../web/engine/tokenizer';
import { readGolden } from '../golden/golden';
import { ggufTokenizer, readMetadata } from './gguf';

const pieces = { bos_token: '<s>', eos_token: '</s>' };

describe('templates like published ones are offered', () => {
  test.each<[string, string, string, string, boolean]>([
    [
      'ChatML',
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
      '<|im_start|>user\n',
      '<|im_end|>\n<|im_start|>assistant\n',
      false,
    ],
    [
      'Llama 2, which trims',
      "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + message['content'].strip() + ' [/INST]' }}{% endif %}{% endfor %}",
      '<s>[INST] ',
      ' [/INST]',
      true,
    ],
    [
      'with a macro, a namespace, a loop over a range and a date that it may do without',
      "{%- macro turn(role, text) -%}<{{ role }}>{{ text }}{%- endmacro -%}{%- set ns = namespace(n=0) -%}{%- for i in range(3) -%}{%- set ns.n = ns.n + i -%}{%- endfor -%}{%- if strftime_now is defined -%}{{ strftime_now('%d %b %Y') }}{%- else -%}26 Jul 2024{%- endif -%}{{ ns.n }}{%- for message in messages -%}{{ turn(message.role, message.content | trim) }}{%- endfor -%}{%- if tools is defined and tools -%}TOOLS{%- endif -%}",
      '26 Jul 20243<user>',
      '',
      true,
    ],
  ])('%s', async (_name, template, before, after, trims) => {
    expect(await chatFrame(template, pieces)).toEqual({ before, after, trims });
  });
});

describe('templates that are not plain, or hostile, are not offered, and soon', () => {
  const loop = (inner: string, depth: number): string =>
    depth === 0 ? inner : `{% for i${depth} in range(900) %}${loop(inner, depth - 1)}{% endfor %}`;
  const text = '{{ messages[0].content }}';
  test.each<[string, string]>([
    ['nothing', ''],
    ['only words', 'Hello'],
    ['the text twice', text + text],
    ['the text reversed', '{{ messages[0].content[::-1] }}'],
    ['the text in capitals', '{{ messages[0].content | upper }}'],
    ['what stands around depends on the text', `{{ messages[0].content | length }}${text}`],
    ['the text cut at its end only', '{{ messages[0].content.rstrip() }}'],
    ['the text escaped', '{{ messages[0].content | tojson }}{{ 1 / 0 }}'],
    ['a refusal', `{{ raise_exception('no') }}${text}`],
    ['an unfinished block', '{% for m in messages %}'],
    ['no template at all', '<!DOCTYPE html>{{'],
    ['an unknown filter', `{{ 'a' | magic }}${text}`],
    ['an unknown statement', `{% include "/etc/passwd" %}${text}`],
    ['a template without end', `${' '.repeat(33_000)}${text}`],
    ['loops in loops in loops', loop('x', 4) + text],
    ['empty loops in loops', loop('', 3) + text],
    ['counting without end', `{% for i in range(1000000000000) %}x{% endfor %}${text}`],
    ['counting in steps of nothing', `{% for i in range(0, 9, 0) %}x{% endfor %}${text}`],
    ['counting to no number', `{% for i in range('a') %}x{% endfor %}{{ 'a' }}`],
    ['a macro that calls itself', `{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}${text}`],
    [
      'macros that call one another',
      `{% macro f() %}{{ g() }}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}${text}`,
    ],
    ['text that doubles', `{% set a = 'xxxxxxxx' %}${'{% set a = a ~ a %}'.repeat(60)}${text}`],
    [
      'text that doubles through a namespace',
      `{% set n = namespace(a='xx') %}{% for i in range(60) %}{% set n.a = n.a ~ n.a %}{% endfor %}${text}`,
    ],
    ['an indentation without end', `{{ 'a\nb' | indent(1000000000) }}${text}`],
    [
      'numbers that grow',
      `{% set n = namespace(a=9) %}{% for i in range(90) %}{% set n.a = n.a * n.a %}{% endfor %}${text}`,
    ],
    [
      'a list that doubles',
      `{% set n = namespace(a=[1, 2]) %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}${text}`,
    ],
    ['brackets without end', `{{ ${'('.repeat(9000)}1${')'.repeat(9000)} }}${text}`],
    ['minus signs without end', `{{ ${'-'.repeat(20_000)}1 }}${text}`],
    ['nested ifs without end', `${'{% if 1 %}'.repeat(1500)}${'{% endif %}'.repeat(1500)}{{ messages }}`],
    ['spaces before blocks without end', `${'\n'.repeat(32_000)}{%`],
    ['reaching for the constructor', `{{ messages.constructor.constructor('return 1')() }}${text}`],
  ])('%s', async (_name, template) => {
    const begin = performance.now();
    expect(await chatFrame(template, pieces)).toBeNull();
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

describe('a checkpoint’s template', () => {
  const vocab = Object.fromEntries([...'abcdefghijklmnopqrstuvwxyz<>|_?. \n▁:'].map((piece, id) => [piece, id]));
  const tokenizer = JSON.stringify({
    pre_tokenizer: null,
    added_tokens: [
      { id: 90, content: '<|user|>', special: true },
      { id: 91, content: '<|answer|>', special: true },
      { id: 92, content: '<s>', special: true },
    ],
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    },
    model: { type: 'BPE', vocab: { ...vocab, '?\n': 50 }, merges: [['?', '\n']] },
  });
  const template = '{{ bos_token }}<|user|>:{{ messages[0].content }}\n<|answer|>';
  const config = (parts: object) => JSON.stringify({ bos_token: '<s>', ...parts });
  const read = (chatTemplate: string | null, parts: object = {}) =>
    readTokenizer({ tokenizer, config: config(parts), chatTemplate });

  test.each<[string, string | null, object, boolean]>([
    ['in its own file', template, {}, true],
    ['in tokenizer_config.json', null, { chat_template: template }, true],
    [
      'in a list, by name',
      null,
      {
        chat_template: [
          { name: 'tools', template: 'x' },
          { name: 'default', template },
        ],
      },
      true,
    ],
    ['its own file wins', template, { chat_template: 'broken {{' }, true],
    ['none', null, {}, false],
    ['a list without a default', null, { chat_template: [{ name: 'tools', template }] }, false],
    ['a number', null, { chat_template: 7 }, false],
    ['one that is not plain', '{{ messages | length }}', {}, false],
  ])('%s', async (_name, file, parts, offered) => {
    expect((await read(file, parts)).chat).toBe(offered);
  });

  test('what it adds is special and has no place; the text keeps its own', async () => {
    const tokens = (await read(template)).tokenize('hi you?', true);
    // The template writes the first piece itself: the tokenizer does not add another.
    expect(tokens.map(({ piece }) => piece).join(' ')).toBe('<s> <|user|> : h i   y o u ?\n <|answer|>');
    expect(tokens.map(({ special }) => special)).toEqual([true, true, true, ...Array(7).fill(false), true]);
    expect(tokens.slice(3, -1).map(({ start, end, text }) => [start, end, text])).toEqual([
      ...[...'hi you'].map((letter, i) => [i, i + 1, letter]),
      // Half of it is the template's; its place is its part of the text.
      [6, 7, '?'],
    ]);
    expect(tokens.every(({ special, start, end }) => special === (start === null && end === null))).toBe(true);
    expect(tokens.map(({ index }) => index)).toEqual(tokens.map((_, i) => i));
  });

  test('an empty text, and one that looks like the template', async () => {
    const tokenizer = await read(template);
    expect(tokenizer.tokenize('', true).map(({ special }) => special)).toEqual(Array(5).fill(true));
    const typed = tokenizer.tokenize('<|user|>', true).filter(({ special }) => !special);
    expect(typed).toMatchObject([{ id: 90, start: 0, end: 8, text: '<|user|>' }]);
  });

  test('one that trims: what it drops has no token, the rest keeps its place', async () => {
    const trimming = '<|user|>{{ messages[0].content | trim }}<|answer|>';
    const tokens = (await read(trimming)).tokenize('  ab\n', true);
    expect(tokens.map(({ piece, start, end }) => [piece, start, end])).toEqual([
      ['<|user|>', null, null],
      ['a', 2, 3],
      ['b', 3, 4],
      ['<|answer|>', null, null],
    ]);
  });

  test('is refused where there is none', async () => {
    const plain = await read(null);
    expect(() => plain.tokenize('a', true)).toThrow(expect.objectContaining({ code: 'bad-request' }));
    expect(plain.tokenize('a', false).map(({ piece }) => piece)).toEqual(['<s>', 'a']);
  });

  test('a GGUF file’s tokenizer puts its first piece before a template that does not', async () => {
    const data = (chatTemplate: string) => ({
      ...{ model: 'gpt2', pre: 'gpt-2', tokens: ['<s>', 'a', '<u>'], merges: [], scores: null },
      ...{ types: Int32Array.of(3, 1, 3), bos: 0, eos: null, unknown: null, addBos: true, addEos: false },
      ...{ addSpacePrefix: null, chatTemplate, huggingface: null },
    });
    for (const opening of ['', '{{ bos_token }}']) {
      const tokenizer = await readGgufTokenizer(data(`${opening}<u>{{ messages[0].content }}`));
      expect(tokenizer.tokenize('a', true).map(({ id }) => id)).toEqual([0, 2, 1]);
    }
    const without = await readGgufTokenizer({
      ...data('<u>{{ messages[0].content }}'),
      addBos: false,
      addEos: true,
      eos: 0,
    });
    expect(without.tokenize('a', true).map(({ id }) => id)).toEqual([2, 1]);
  });
});

test('SmolLM2’s is offered; it writes a system prompt of its own, and then what was typed for the reference', async () => {
  const model = new URL('../../build/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf', import.meta.url);
  const tokenizer = await readGgufTokenizer(ggufTokenizer(readMetadata(model)));
  expect(tokenizer.chat).toBe(true);
  const question = 'What is gravity?';
  const tokens = tokenizer.tokenize(question, true);
  const system = '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n';
  expect(tokens.map(({ text }) => text).join('')).toBe(
    `${system}<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`,
  );
  const reference = Array.from(readGolden('gguf/smollm2/chat.safetensors').tensor('input_ids').data);
  const prompt = tokenizer.tokenize(system, false).map(({ id }) => id);
  expect(tokens.map(({ id }) => id)).toEqual([...prompt, ...reference]);
  expect(
    tokens.filter(({ special }) => !special).map(({ start, end }) => question.slice(start ?? 0, end ?? 0)),
  ).toEqual(['What', ' is', ' gravity', '?']);
});
