/**
 * @generated SignedSource<<3f138f60e7967677755f28c73ac6aaca>>
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

var node = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "track"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "fields": [
          {
            "kind": "Variable",
            "name": "trackId",
            "variableName": "track"
          }
        ],
        "kind": "ObjectValue",
        "name": "input"
      }
    ],
    "concreteType": null,
    "kind": "LinkedField",
    "name": "setNowPlaying",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "__typename",
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "musicPlayMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "musicPlayMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "e0583392b1c529d96de81ec6269335eb",
    "id": null,
    "metadata": {},
    "name": "musicPlayMutation",
    "operationKind": "mutation",
    "text": "mutation musicPlayMutation(\n  $track: ID!\n) {\n  setNowPlaying(input: {trackId: $track}) {\n    __typename\n  }\n}\n"
  }
};
})();

node.hash = "6e391a2974a4931090b6387f0bbbc604";

export default node;
