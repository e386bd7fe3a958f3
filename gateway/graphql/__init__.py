"""What speaks GraphQL to the outside, and the page to try it on."""
