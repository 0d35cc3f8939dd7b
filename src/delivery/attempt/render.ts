/** Makes the message of this recipient, in the form that this peer takes. */
import { ownReply, Refusal } from '#core';
import { SealedContent } from '#mail';
import { type MergeDeps, type MessageForm, makeFitMessage, makeMergeMessage, storedForm } from '#messages';
import { failed } from './end-attempt.js';
import type { Attempt, AttemptStep, StepResult } from './step.js';

export function makeRender({ spool, workers }: MergeDeps): AttemptStep {
  const mergeMessage = makeMergeMessage({ spool, workers });
  const fitMessage = makeFitMessage();

  function makeFit(attempt: Attempt, form: MessageForm): StepResult | Promise<StepResult> {
    const eightBit = form.eightBitBody && attempt.session?.capabilities.eightBitMime !== true;
    attempt.rendered = form;
    if (!eightBit && !form.longLines) return 'next';
    return fitMessage(attempt.message, form, { eightBit, longLines: form.longLines }).then(
      (fit) => {
        attempt.rendered = fit;
        return 'next';
      },
      (error) => {
        if (!(error instanceof SealedContent)) throw error;
        return failed(attempt, 'local', ownReply(554, '5.6.2', sealedText(error, attempt)));
      },
    );
  }

  async function merged(attempt: Attempt): Promise<StepResult> {
    try {
      return makeFit(attempt, await mergeMessage(attempt.message, attempt.delivery));
    } catch (error) {
      if (error instanceof Refusal) return failed(attempt, 'local', ownReply(error.smtpCode, error.enhancedCode, error.publicText));
      throw error;
    }
  }

  return {
    name: 'render',
    worksOnMessage: true,
    run: (attempt) => (attempt.message.merge === undefined ? makeFit(attempt, storedForm(attempt.message, spool)) : merged(attempt)),
  };
}

/** Encoded anew, the part would arrive and be taken for forged (RFC 3463 3.7: conversion required but prohibited). */
function sealedText({ unfitness }: SealedContent, { connection }: Attempt): string {
  const part = 'a signed or encrypted part, which may not be encoded anew';
  return unfitness === 'eightBit'
    ? `Message has 8-bit bytes in ${part}, and ${connection.mxHost ?? 'the server'} takes none (8BITMIME)`
    : `Message has a line of more than 998 bytes in ${part}`;
}
