/** The start page's script: the theme control, and nothing that the page would miss. */
import './theme';
