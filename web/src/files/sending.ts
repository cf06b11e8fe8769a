import type { Headers } from '../fetcher';

/** Why a file was not sent, in words for whoever chose it. */
export class Refused extends Error {}

/** A file that the hub holds: `id` is what mutations take as `upload`, until `expiresAt`. */
export interface Sent {
  id: string;
  expiresAt: Date;
}

interface Target {
  id: string;
  url: string;
  method: string;
  headers: { name: string; value: string }[];
  expiresAt: string;
}

interface Answer {
  data?: { requestUpload?: ({ __typename: 'UploadTarget' } & Target) | { __typename: string; message?: string } } | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

const REQUEST = `mutation RequestUpload($input: RequestUploadInput!) {
  requestUpload(input: $input) {
    __typename
    ... on UploadTarget { id url method headers { name value } expiresAt }
    ... on Error { message }
  }
}`;
const NO_TOKEN =
  'The hub takes files only with a token. Put one into the headers below the operation: {"Authorization": "Bearer ent_…"}';
const TABLES = ['csv', 'tsv', 'txt', 'xlsx', 'jsonl'];
const MEDIA = ['png', 'jpg', 'jpeg', 'webp', 'gif', 'avif', 'pdf', 'mp4', 'webm'];

/** What the file chooser offers. */
export const ACCEPTED = [...TABLES, ...MEDIA].map((suffix) => `.${suffix}`).join(',');

/** Whether a file of this name holds rows to import; otherwise it is something to look at. */
export function isTable(name: string): boolean {
  return TABLES.includes(suffixOf(name));
}

/**
 * Send a file to the place that the hub names for it; `told` hears which share of it is sent, up to 1.
 *
 * Throws Refused. What is in the file is looked at by the mutation that takes it, and only then.
 */
export async function send(
  file: File,
  headers: Headers,
  told: (share: number) => void,
  signal: AbortSignal,
): Promise<Sent> {
  check(file);
  const target = await request(file, headers, signal);
  await put(file, target, told, signal);
  return { id: target.id, expiresAt: new Date(target.expiresAt) };
}

function suffixOf(name: string): string {
  return name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : '';
}

function check(file: File): void {
  const suffix = suffixOf(file.name);
  if (['xls', 'ods', 'numbers'].includes(suffix)) {
    throw new Refused(`A .${suffix} file cannot be read here. Save it as .xlsx or .csv and choose that.`);
  }
  if (!TABLES.includes(suffix) && !MEDIA.includes(suffix)) {
    throw new Refused(`Neither rows nor media: files end in ${TABLES.join(', ')}, ${MEDIA.join(', ')}.`);
  }
  if (file.size === 0) throw new Refused('The file is empty.');
}

async function request(file: File, headers: Headers, signal: AbortSignal): Promise<Target> {
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) throw new Refused(NO_TOKEN);
  const input = { idempotencyKey: `file-${nonce()}`, name: file.name, bytes: file.size };
  const response = await fetch('/graphql', {
    method: 'POST',
    body: JSON.stringify({ query: REQUEST, variables: { input }, operationName: 'RequestUpload' }),
    headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json', ...headers },
    signal,
  });
  if (response.status === 401) throw new Refused('The hub does not know this token: it is mistyped, expired or revoked.');
  const answer = (await response.json().catch(() => ({}))) as Answer;
  const error = answer.errors?.[0];
  if (error?.extensions?.code === 'UNAUTHENTICATED') throw new Refused(NO_TOKEN);
  const result = answer.data?.requestUpload;
  if (result && 'url' in result) return result;
  throw new Refused(error?.message ?? result?.message ?? `The hub answered HTTP ${response.status}.`);
}

/** By XMLHttpRequest, for `fetch` does not tell how much of a body is sent. */
function put(file: File, target: Target, told: (share: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const http = new XMLHttpRequest();
    http.open(target.method, target.url);
    target.headers.forEach(({ name, value }) => http.setRequestHeader(name, value));
    http.upload.onprogress = ({ loaded }) => told(loaded / file.size);
    http.onload = () => {
      if (http.status >= 200 && http.status < 300) resolve();
      else reject(new Refused(`The file was not taken: ${http.responseText.slice(0, 200) || `HTTP ${http.status}`}.`));
    };
    http.onerror = () => reject(new Refused('The connection was lost or refused while the file was being sent.'));
    http.onabort = () => reject(new DOMException('Stopped', 'AbortError'));
    signal.addEventListener('abort', () => http.abort(), { once: true });
    http.send(file);
  });
}

/** Not `crypto.randomUUID`: browsers have it on HTTPS and localhost only. */
export function nonce(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
