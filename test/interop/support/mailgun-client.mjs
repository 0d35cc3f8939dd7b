// @ts-check
/** The official client (package mailgun.js), whose types do not resolve for ES modules of Node: those it is used with here stand in the .d.mts. */
import Mailgun from 'mailgun.js';

/** @param {string} url @param {string} key */
export const connectMailgun = (url, key) => new Mailgun(FormData).client({ username: 'api', key, url });
