import { nonce } from './sending';

/** The argument by which a mutation takes a file that was sent. */
export function argument(id: string): string {
  return `upload: ${JSON.stringify(id)}`;
}

/** An operation that imports a file of rows. */
export function startImport(name: string, id: string): string {
  return `# Import ${oneLine(name)}. With dryRun: true it says what it
# would do, and the file can be taken again for good.

mutation StartImport {
  startImport(
    input: {
      idempotencyKey: "import-${nonce()}"
      kind: PRODUCTS
      ${argument(id)}
      dryRun: false
    }
  ) {
    __typename
    ... on Import {
      id
      status
    }
    ... on Error {
      message
    }
  }
}
`;
}

/** An operation that makes a file media. */
export function uploadMedia(name: string, id: string): string {
  return `# Take in ${oneLine(name)}, and show it on a product.

mutation UploadMedia {
  uploadMedia(
    input: {
      idempotencyKey: "media-${nonce()}"
      ${argument(id)}
      # product: "CODE"
      # alt: [{ locale: "en", text: "What it shows" }]
    }
  ) {
    __typename
    ... on Media {
      id
      url
      kind
      width
      height
    }
    ... on Error {
      message
    }
  }
}
`;
}

function oneLine(name: string): string {
  return name.replace(/\s+/g, ' ');
}
