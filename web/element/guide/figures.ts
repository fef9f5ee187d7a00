/** Defines the elements that the guide's sections are made of. In one piece: it comes in one request. */
import './guide-code';
import './guide-links';
import './guide-mask';
import './guide-order';
import './guide-pairs';
import './guide-question';
import './guide-read';
import './guide-roles';
import './guide-row';
import './guide-sentence';
import './guide-start';
