/** What is said of a message of a batch: to each recipient it is a message of their own, with their values, their key, and nothing of anybody else. */
import { type Merge, type Message, type MessageFacts, type MessageRecipient, recipientStorageKey } from '#core';
import {
  decodeHeaderText,
  makeField,
  makeLookup,
  mergeRecipientOf,
  substituteText,
  substituteTexts,
  TemplateError,
  templateFields,
} from '#mail';

/** Values may be long; texts of an event are not. */
const MAX_TEXT = 1000;
/** Characters of variables; what comes after is shown as it was sent. */
const MAX_VARIABLES = 64 * 1024;

/** The facts themselves when the message is no batch. */
export type RecipientFacts = (message: Message, to: MessageRecipient) => MessageFacts;

export function makeRecipientFacts(): RecipientFacts {
  // A message's recipients come one after the other.
  const compiled = new WeakMap<Merge, ReturnType<typeof templateFields>>();

  function fieldsOf(merge: Merge): ReturnType<typeof templateFields> {
    const known = compiled.get(merge) ?? templateFields(merge.templateHeaders ?? [], merge.templateVariables ?? {});
    compiled.set(merge, known);
    return known;
  }

  return ({ facts, merge }, to) => {
    if (merge === undefined) return facts;
    const recipient = mergeRecipientOf(to);
    const lookup = makeLookup(recipient);
    const ofTemplate = (name: string, text: string) => {
      try {
        const make = fieldsOf(merge).get(name);
        if (make === undefined) return undefined;
        const made = text === '' ? undefined : makeField(name, text.replace(/[\r\n\0]/g, ' '));
        return decodeHeaderText(make(recipient, made)?.value ?? '');
      } catch (error) {
        // The recipient's message fails when it is made, with this reason.
        if (error instanceof TemplateError) return undefined;
        throw error;
      }
    };
    const shown = (name: string, text: string) => (ofTemplate(name, text) ?? substituteText(text, lookup, MAX_TEXT)).slice(0, MAX_TEXT);
    const { to: addressee, from, subject } = facts.headers;
    return {
      ...facts,
      headers: { ...facts.headers, to: shown('to', addressee), from: shown('from', from), subject: shown('subject', subject) },
      userVariables: substituteTexts(facts.userVariables, lookup, { left: MAX_VARIABLES }),
      ...(facts.template?.variables === undefined
        ? {}
        : { template: { ...facts.template, variables: substituteTexts(facts.template.variables, lookup, { left: MAX_VARIABLES }) } }),
      storageKey: recipientStorageKey(facts.storageKey, to.id),
    };
  };
}
