/** Defines the elements that the guide's sections are made of. In one piece: it comes in one request. */
import './guide-added';
import './guide-code';
import './guide-meanings';
import './guide-directed';
import './guide-formula';
import './guide-heads';
import './guide-question';
import './guide-read';
import './guide-row';
import './guide-scale';
import './guide-sentence';
import './guide-start';
import './guide-tour';
import './guide-vectors';
import './guide-steps';
