/** Defines the elements that the guide's sections are made of. In one piece: it comes in one request. */
import './guide-code';
import './guide-cost';
import './guide-off';
import './guide-passes';
import './guide-question';
import './guide-race';
import './guide-read';
import './guide-row';
import './guide-sentence';
import './guide-sources';
import './guide-start';
import './guide-write';
