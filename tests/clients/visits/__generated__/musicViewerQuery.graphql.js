/**
 * @generated SignedSource<<beebee991b104ee51715b264efdc278b>>
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

var node = (function(){
var v0 = [
  {
    "alias": null,
    "args": null,
    "concreteType": "User",
    "kind": "LinkedField",
    "name": "viewer",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "id",
        "storageKey": null
      },
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "handle",
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "musicViewerQuery",
    "selections": (v0/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "musicViewerQuery",
    "selections": (v0/*:: as any*/)
  },
  "params": {
    "cacheID": "4ab9f1e2f750c10e0f8779ddc2bdef07",
    "id": null,
    "metadata": {},
    "name": "musicViewerQuery",
    "operationKind": "query",
    "text": "query musicViewerQuery {\n  viewer {\n    id\n    handle\n  }\n}\n"
  }
};
})();

node.hash = "85e3bc335732cbf4a7c57daed24ca0a7";

export default node;
