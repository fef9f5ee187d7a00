/** All styles of the viewer's one shadow root: where its panels stand, and each panel's own. */
import { cellPanelStyles } from './cell-panel';
import { changeFormStyles } from './change-form';
import { changedMarkStyles } from './changed-mark';
import { changesPanelStyles } from './changes-panel';
import { choiceMenuStyles } from './choice-menu';
import { comparePanelStyles } from './compare-panel';
import { comparisonPartsStyles } from './comparison-parts';
import { differenceMapStyles } from './difference-map';
import { errorNoteStyles } from './error-note';
import { exportMenuStyles } from './export-menu';
import { firstHintsStyles } from './first-hints';
import { generationPanelStyles } from './generation-panel';
import { headFactsStyles } from './head-facts';
import { headMatrixStyles } from './head-matrix';
import { headWallStyles } from './head-wall';
import { laneChooserStyles } from './lane-chooser';
import { layout } from './layout';
import { linkFilterStyles } from './link-filter';
import { measureChooserStyles } from './measure-chooser';
import { minimalPairsStyles } from './minimal-pairs';
import { modelBarStyles } from './model-bar';
import { modelDialogStyles } from './model-dialog';
import { sceneCaptionStyles } from './scene-caption';
import { sceneViewStyles } from './scene-view';
import { sentenceInputStyles } from './sentence-input';
import { sideBySideStyles } from './side-by-side';
import { statusBarStyles } from './status-bar';
import { stepBarStyles } from './step-bar';
import { stepsPanelStyles } from './steps-panel';
import { base } from './styles';
import { textViewStyles } from './text-view';
import { tokenStripStyles } from './token-strip';
import { trustPanelStyles } from './trust-panel';
import { vectorStripStyles } from './vector-strip';
import { weightsTableStyles } from './weights-table';
import { windowStripStyles } from './window-strip';

export const viewerStyles = [
  base,
  layout,
  sentenceInputStyles,
  modelBarStyles,
  modelDialogStyles,
  errorNoteStyles,
  tokenStripStyles,
  statusBarStyles,
  sceneViewStyles,
  sceneCaptionStyles,
  linkFilterStyles,
  laneChooserStyles,
  vectorStripStyles,
  cellPanelStyles,
  changedMarkStyles,
  changeFormStyles,
  comparisonPartsStyles,
  changesPanelStyles,
  minimalPairsStyles,
  sideBySideStyles,
  differenceMapStyles,
  comparePanelStyles,
  generationPanelStyles,
  headFactsStyles,
  choiceMenuStyles,
  headWallStyles,
  measureChooserStyles,
  headMatrixStyles,
  weightsTableStyles,
  stepBarStyles,
  stepsPanelStyles,
  textViewStyles,
  windowStripStyles,
  firstHintsStyles,
  exportMenuStyles,
  trustPanelStyles,
];
