// Loaded before the proxy where an entrance speaks TLS (images/proxy/entrance), as configurable-http-proxy reads its certificate
// once, at its start, and sets no header of an answer. It brings
//  - a renewed certificate without a new start: whoever is connected stays connected, the next handshake has the new one;
//  - Strict-Transport-Security on every answer, and Secure on every cookie;
//  - the plain port: everything goes on to TLS, except the files by which an authority looks whose name this is (ACME).
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const path = require("node:path");
const { syncBuiltinESMExports } = require("node:module");

const { TLS: folder, PLAIN_ADDRESS: address, PLAIN_PORT: plainPort, SHOWN_PORT: shown } = process.env;
const files = ["certificate.pem", "key.pem"].map((name) => path.join(folder, name));
const LOOK_MS = 2000;
const KEPT_SECONDS = 180 * 86400; // how long a browser that was here asks by TLS alone
const CHALLENGE = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,128})$/;

const read = () => files.map((file) => fs.readFileSync(file));

function renew(server, options) {
  let known = "", refused = "";
  setInterval(() => {
    try {
      const [cert, key] = read();
      const seen = cert.toString("latin1") + key.toString("latin1");
      if (seen === known || seen === refused) return;
      refused = seen;
      server.setSecureContext({ ...options, cert, key }); // throws where the two do not belong together
      if (known) console.log("the entrance has a new certificate");
      known = seen;
    } catch (fault) {
      if (fault.code !== "ENOENT") console.error(`the new certificate is not used: ${fault.code || fault.message}`);
    }
  }, LOOK_MS).unref();
}

// JupyterHub's and Jupyter's XSRF cookies say nothing of TLS; what comes by TLS is not to be sent without.
const secured = (cookie) => (/;\s*secure\s*(;|$)/i.test(cookie) ? cookie : `${cookie}; Secure`);

const create = https.createServer;
https.createServer = function (options, answer) {
  const server = create.call(this, options, answer);
  server.prependListener("request", (_, response) => {
    const set = response.setHeader.bind(response);
    response.setHeader = (name, value) => set(name, name.toLowerCase() === "set-cookie" ? [].concat(value).map(secured) : value);
    set("Strict-Transport-Security", `max-age=${KEPT_SECONDS}`);
  });
  renew(server, options);
  return server;
};
syncBuiltinESMExports();

function plain(request, response) {
  const challenge = CHALLENGE.exec(request.url);
  if (challenge) {
    fs.readFile(path.join(folder, "acme/.well-known/acme-challenge", challenge[1]), (fault, text) => {
      response.writeHead(fault ? 404 : 200, { "Content-Type": "text/plain" }).end(fault ? "" : text);
    });
    return;
  }
  const host = /^[A-Za-z0-9.-]+/.exec(request.headers.host || "");
  if (!host) return response.writeHead(400).end();
  const port = shown === "443" ? "" : `:${shown}`;
  response.writeHead(308, { Location: `https://${host[0]}${port}${request.url}` }).end();
}
http.createServer(plain).listen(Number(plainPort), address);
