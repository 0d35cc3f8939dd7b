/** JSON of stored messages. */
export interface StoredAttachmentJson {
  url: string;
  'content-type': string;
  /** `''` when it has none. */
  name: string;
  /** Decoded, bytes. */
  size: number;
}

export interface StoredMimeFields {
  /** Addresses of To and Cc, comma-separated. */
  recipients: string;
  recipient: string;
  sender: string;
  from: string;
  subject: string;
  'message-url': string;
}

/** Every header field of the message is a further key; a repeated field has the value of its topmost line. */
export interface StoredMessageAnswer extends StoredMimeFields {
  'body-plain': string;
  'stripped-text': string;
  'stripped-signature': string;
  'body-html'?: string;
  'stripped-html'?: string;
  'message-headers': [string, string][];
  attachments: StoredAttachmentJson[];
  /** By Content-ID in angle brackets. */
  'content-id-map': Record<string, StoredAttachmentJson>;
}

export interface QueueStateJson {
  is_disabled: boolean;
  /** Empty texts when it is not, or when no end is known. */
  disabled: { until: string; reason: string };
}

export interface SendingQueuesAnswer {
  regular: QueueStateJson;
  scheduled: QueueStateJson;
}
