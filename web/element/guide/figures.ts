/** Defines the elements that the guide's sections are made of. In one piece: it comes in one request. */
import './guide-code';
import './guide-directed';
import './guide-formula';
import './guide-links';
import './guide-mask';
import './guide-meanings';
import './guide-order';
import './guide-pairs';
import './guide-question';
import './guide-read';
import './guide-roles';
import './guide-row';
import './guide-scale';
import './guide-sentence';
import './guide-start';
import './guide-tour';
import './guide-vectors';
