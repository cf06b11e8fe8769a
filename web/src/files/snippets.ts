import { nonce } from './sending';

/** The argument by which a mutation takes a file that was sent. */
export function argument(id: string): string {
  return `upload: ${JSON.stringify(id)}`;
}

/** An operation that imports a file of rows. */
export function startImport(name: string, id: string): string {
  return `# Import ${oneLine(name)}. With dryRun: true nothing changes:
# see what would, then run it for good under another key.

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

/** An operation that shows how far the newest imports are, and what is wrong with their rows. */
export const imports = `# How far imports are, and what was wrong with rows.

query Imports {
  imports(first: 5) {
    edges {
      node {
        fileName
        dryRun
        status
        done
        total
        created
        updated
        refused
        problem
        problems(first: 20) {
          edges {
            node {
              line
              column
              code
              message
            }
          }
        }
      }
    }
  }
}
`;

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
