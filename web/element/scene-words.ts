/** What the scene writes in its picture, in the reader's language. */
import type { SceneWords } from '../scene/scene-contract';
import { t } from './words/words';

export const sceneWords: SceneWords = {
  layer: (layer) => t('scene.write.layer', { layer }),
  head: (head) => t('scene.write.head', { head }),
  matrix: (name) => t(`scene.matrix.${name}`),
  masked: () => t('scene.write.masked'),
};
