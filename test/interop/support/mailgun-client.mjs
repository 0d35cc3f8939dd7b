// @ts-check
/** The official client (package mailgun.js), whose types do not resolve for ES modules of Node: those it is used with here stand in the .d.mts. */
import FormDataPackage from 'form-data';
import Mailgun from 'mailgun.js';

/** @param {string} url @param {string} key @param {'axios' | 'fetch' | 'form-data'} way */
export const connectMailgun = (url, key, way = 'axios') =>
  new Mailgun(way === 'form-data' ? FormDataPackage : FormData).client({ username: 'api', key, url, useFetch: way === 'fetch' });
