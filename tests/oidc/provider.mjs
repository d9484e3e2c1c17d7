// A sign-in provider for the tests: the certified oidc-provider, with people from a file that is read anew at each look.
// node provider.mjs FOLDER-OF-PACKAGES GIVEN.JSON
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`).href);
const given = () => JSON.parse(readFileSync(file, "utf8"));
const { host, port, client } = given();

const clock = Date.now.bind(Date);
Date.now = () => clock() + given().skew * 1000;

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(`http://${host}:${port}`, {
  clients: [client],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: randomBytes(8).toString("hex") }] },
  cookies: { keys: [randomBytes(16).toString("hex")] },
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name", "preferred_username"],
    groups: ["groups"],
  },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  findAccount: (_ctx, sub) => {
    const claims = given().people[sub];
    return claims && { accountId: sub, claims: () => ({ sub, ...claims }) };
  },
  // Whoever signs in agrees with that; a person who does not presses the other button.
  loadExistingGrant: async (ctx) => {
    const grant = new provider.Grant({ accountId: ctx.oidc.session.accountId, clientId: ctx.oidc.client.clientId });
    grant.addOIDCScope("openid email profile groups");
    await grant.save();
    return grant;
  },
});

async function interact(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(`<form method="post" action="/interaction/${uid}"><input name="account"></form>`);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const account = new URLSearchParams(body).get("account");
  const result = account ? { login: { accountId: account } } : { error: "access_denied", error_description: "said no" };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  return interact(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error.stack));
  });
}).listen(port, host);
