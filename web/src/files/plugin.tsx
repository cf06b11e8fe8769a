import './style.css';

import { Button, tryParseJSONC, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import type { GraphiQLPlugin } from '@graphiql/react';
import { type DragEvent, useRef, useState } from 'react';

import type { Headers } from '../fetcher';
import { again, choose, type Chosen, remove, useChosen } from './chosen';
import { ACCEPTED, isTable, Refused, type Sent } from './sending';
import { argument, imports, startImport, uploadMedia } from './snippets';

/** A pane that sends files to the hub, which GraphiQL's editors cannot hold, for mutations to take by their id. */
export function filesPlugin(openingHeaders: () => Headers): GraphiQLPlugin {
  return { title: 'Files', icon: Icon, content: () => <Pane openingHeaders={openingHeaders} /> };
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path strokeLinecap="round" strokeLinejoin="round" d="M12 16V4m0 0L7 9m5-5 5 5M4 15v4a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-4" />
    </svg>
  );
}

/** The headers that an operation sent at this moment would have. Throws Refused where the editor's cannot be read. */
function useHeaders(openingHeaders: () => Headers): () => Headers {
  const editor = useGraphiQL((state) => state.headerEditor);
  return () => {
    if (!editor) return openingHeaders();
    try {
      return (tryParseJSONC(editor.getValue()) as Headers | undefined) ?? {};
    } catch (problem) {
      throw new Refused(`The headers below the operation cannot be read. ${problem instanceof Error ? problem.message : ''}`);
    }
  };
}

function Pane({ openingHeaders }: { openingHeaders: () => Headers }) {
  const headers = useHeaders(openingHeaders);
  const files = useChosen();
  const chooser = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);

  function drop(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    choose(event.dataTransfer.files, headers);
  }

  return (
    <section className="files" aria-labelledby="files-title">
      <h2 id="files-title">Files</h2>
      <p>
        Rows to import (CSV, XLSX, JSONL) or media to show (pictures, PDF, video). What is sent here waits for half an
        hour until a mutation takes it by its id.
      </p>
      <div
        className="files-drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Button type="button" onClick={() => chooser.current?.click()}>
          Choose files…
        </Button>
        <span>or drop them here</span>
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          accept={ACCEPTED}
          aria-label="Files to send"
          onChange={({ target }) => {
            choose([...(target.files ?? [])], headers);
            target.value = ''; // The same file may be chosen again.
          }}
        />
      </div>
      <ul aria-label="Files that were chosen">
        {files.map((one) => (
          <li key={one.key} data-state={one.state}>
            <OneFile one={one} headers={headers} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneFile({ one, headers }: { one: Chosen; headers: () => Headers }) {
  const { file, state } = one;
  return (
    <>
      <div className="files-name">
        <strong>{file.name}</strong> <span>{inUnits(file.size)}</span>
        <Button type="button" aria-label={`Remove ${file.name}`} onClick={() => remove(one)}>
          {state === 'sending' ? 'Stop' : 'Remove'}
        </Button>
      </div>
      {state === 'sending' && <progress value={one.share} aria-label={`How much of ${file.name} is sent`} />}
      <p role="status">
        {state === 'sending' && 'Sending…'}
        {one.sent && `Sent; to be taken until ${one.sent.expiresAt.toLocaleTimeString()}`}
      </p>
      {one.problem !== null && <p role="alert">{one.problem}</p>}
      {state === 'failed' && (
        <Button type="button" onClick={() => again(one, headers)}>
          Try again
        </Button>
      )}
      {one.sent && <Snippets name={file.name} sent={one.sent} />}
    </>
  );
}

function Snippets({ name, sent }: { name: string; sent: Sent }) {
  const { addTab } = useGraphiQLActions();
  const query = useGraphiQL((state) => state.queryEditor);
  const headers = useGraphiQL((state) => state.headerEditor);
  const id = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);

  const uses: [field: string, operation: () => string][] = isTable(name)
    ? [['startImport', () => startImport(name, sent.id)], ['imports', () => imports]]
    : [['uploadMedia', () => uploadMedia(name, sent.id)]];

  async function copy(): Promise<void> {
    id.current?.select();
    // Browsers have the clipboard on HTTPS and localhost only; elsewhere the old way still works.
    if (navigator.clipboard) await navigator.clipboard.writeText(sent.id);
    else document.execCommand('copy');
    setCopied(true);
  }

  function insert(): void {
    const range = query?.getSelection();
    if (!query || !range) return;
    query.executeEdits('files', [{ range, text: argument(sent.id), forceMoveMarkers: true }]);
    query.focus();
  }

  function open(operation: string): void {
    const held = headers?.getValue();
    addTab();
    query?.setValue(operation);
    if (held !== undefined) headers?.setValue(held); // A new tab would begin without the token.
    query?.focus();
  }

  return (
    <>
      <div className="files-id">
        <input ref={id} readOnly value={sent.id} aria-label={`Id of ${name}`} onFocus={({ target }) => target.select()} />
        <Button type="button" onClick={() => void copy()} aria-label={`Copy the id of ${name}`}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <div className="files-uses">
        <Button type="button" onClick={insert} aria-label={`Insert the id of ${name} at the cursor`}>
          <code>upload: "…"</code> at the cursor
        </Button>
        {uses.map(([field, operation]) => (
          <Button key={field} type="button" onClick={() => open(operation())}>
            <code>{field}</code> in a new tab
          </Button>
        ))}
      </div>
    </>
  );
}

function inUnits(bytes: number): string {
  const [size, unit] = bytes < 1024 ? [bytes, 'bytes'] : bytes < 2 ** 20 ? [bytes / 1024, 'KiB'] : [bytes / 2 ** 20, 'MiB'];
  return `${size.toLocaleString('en', { maximumFractionDigits: 1 })} ${unit}`;
}
