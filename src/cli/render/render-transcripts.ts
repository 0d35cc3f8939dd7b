/** Transcripts of SMTP sessions for people: one block per attempt, what we said dimmed. Peers wrote half of it, so control characters never reach the terminal. */
import { cleanText } from '#core';
import type { Paint } from '../terminal.js';
import { timeText } from './time-text.js';

export interface WireTranscript {
  attempt: number;
  at: string;
  outcome: string;
  /** Lines marked `C:`, `S:` or `*`. */
  text: string;
}

export function renderTranscripts(paint: Paint, transcripts: readonly WireTranscript[]): string[] {
  return transcripts.map(({ attempt, at, outcome, text }) => {
    const lines = text.split('\n').map((line) => colourOf(paint, line)(`  ${cleanText(line)}`));
    return [paint.bold(`Attempt ${attempt} at ${timeText(at)}, ${cleanText(outcome)}:`), ...lines].join('\n');
  });
}

function colourOf(paint: Paint, line: string): (text: string) => string {
  if (/^S: [45]/.test(line)) return paint.yellow;
  return line.startsWith('S: ') ? (text) => text : paint.dim;
}
