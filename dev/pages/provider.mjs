// A real OpenID Connect provider on loopback, with three invented people; `node provider.mjs PORT CALLBACK SECRET`.
// Its own pages for signing in (any login with any password) are enough: what is tested is our side.
import { createHash } from "node:crypto";
import Provider from "oidc-provider";

const [port, callback, secret] = process.argv.slice(2);
const people = {
  "operator-1": { roles: ["hub_manager"], authorities: ["local"], board: false },
  "operator-2": { roles: ["public_protection_supervisor"], authorities: ["local"], board: false },
  "operator-3": { roles: [], authorities: ["local"], board: true },
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "baton",
      client_secret: secret,
      redirect_uris: [callback],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  scopes: ["openid", "profile", "roles"],
  claims: { openid: ["sub"], profile: ["preferred_username"], roles: ["roles", "authorities", "board"] },
  conformIdTokenClaims: false,
  cookies: { keys: [createHash("sha256").update(secret).digest("hex")] },
  pkce: { required: () => true },
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, preferred_username: id, ...(people[id] ?? {}) }),
  }),
});

provider.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${port}`));
