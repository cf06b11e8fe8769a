const offers = `# Welcome to Entrepot: what is sold, where it lies,
# and who bought it, in one schema.
#
# Ctrl-Enter runs an operation. A token goes into the
# headers below. The tab beside this one is live.

query Offers {
  shop(channel: "web", locale: "en") {
    listings(first: 5) {
      edges {
        node {
          slug
          name
          offers {
            sku
            name
            price {
              current {
                amount
                currency
              }
            }
            availability {
              status
              quantity
            }
          }
        }
      }
      totalCount
    }
  }
}
`;

const stock = `# Every change of stock as it happens. To continue
# where you left off, pass the last cursor as "after".

subscription Stock {
  stockChanged {
    cursor
    at
    reason
    level {
      sku
      location {
        code
        name
      }
      onHand
      available
    }
    deltas {
      state
      delta
    }
  }
}
`;

/** The tabs a new visitor finds. */
export const openingTabs = [{ query: offers }, { query: stock }];
