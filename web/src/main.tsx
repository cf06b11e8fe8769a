import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './style.css';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { hubFetcher, type Headers } from './fetcher';
import { filesPlugin } from './files/plugin';
import { openingTabs } from './operations';
import { useStatus } from './status';
import { storageWithoutHeaders } from './storage';
import { headersFor, takeToken } from './token';

const token = takeToken();
const defaultHeaders = token && headersFor(token);
let openingHeaders: Headers = token ? { Authorization: `Bearer ${token}` } : {};

const fetcher = hubFetcher(() => openingHeaders);
const storage = storageWithoutHeaders(defaultHeaders);
const plugins = [HISTORY_PLUGIN, explorerPlugin(), filesPlugin(() => openingHeaders)];

function StatusLine() {
  const { text, tone } = useStatus();
  return (
    <p className="status" data-tone={tone} role="status">
      {text}
    </p>
  );
}

/** Asks for the schema again once the headers change, as long as it was refused. */
function MissingSchema({ headers }: { headers: string }) {
  const { introspect } = useGraphiQLActions();
  const refused = useGraphiQL((state) => state.fetchError !== null);
  useEffect(() => {
    if (!refused || !headers) return;
    const pause = setTimeout(introspect, 800);
    return () => clearTimeout(pause);
    // Not on `refused`: a second refusal waits for other headers.
  }, [headers]);
  return null;
}

function Page() {
  const [headers, setHeaders] = useState('');
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      plugins={plugins}
      defaultTabs={openingTabs}
      {...(defaultHeaders ? { defaultHeaders } : {})}
      defaultEditorToolsVisibility="headers"
      shouldPersistHeaders={false}
      onEditHeaders={(edited) => {
        // From here on the editor alone decides, also when it is emptied.
        openingHeaders = {};
        setHeaders(edited);
      }}
    >
      <MissingSchema headers={headers} />
      <GraphiQL.Logo>
        <span className="name">Entrepot</span>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <StatusLine />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root.');
createRoot(root).render(<Page />);
