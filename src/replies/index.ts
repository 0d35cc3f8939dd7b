/**
 * What a server's reply means, by the rules that #config loads: permanent or temporary, why, what to do about it, and when to try again. Pure
 * decisions: no I/O, and nothing here throws.
 */
export { type BounceClassification, type ClassifyBounce, makeBounceClassifier } from './bounce-classifier.js';
export { makeMatcher, siteOf } from './bounce-matcher.js';
export { retryHint } from './wait-hint.js';
export { type WordsFound, wordsFound } from './words-found.js';
