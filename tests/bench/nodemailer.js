// The peer: the same letters to the same relay through Nodemailer's pooled
// transport, as its manual says bulk mail is sent.
//
//   node nodemailer.js PORT CA SESSIONS LIST TEMPLATE
//
// Like mailshot it reads a list, fills in a template per row and verifies the
// certificate. It keeps `idle` full and never more, so that memory is the
// pool's own. One JSON line at the end: {"sent": N, "failed": N}.
"use strict";

const fs = require("fs");
const nodemailer = require("nodemailer");

const [port, ca, sessions, list, template] = process.argv.slice(2);

// The list of the bench has no quotes: two columns, commas.
const [header, ...lines] = fs.readFileSync(list, "utf8").trimEnd().split("\n");
const names = header.split(",");

const [head, ...rest] = fs.readFileSync(template, "utf8").split("\n\n");
const body = rest.join("\n\n");
const headers = new Map(
  head.split("\n").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }),
);

function fill(text, row) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => row[names.indexOf(name)]);
}

const transport = nodemailer.createTransport({
  pool: true,
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  requireTLS: true,
  tls: { ca: fs.readFileSync(ca) },
  maxConnections: Number(sessions),
  maxMessages: Infinity,
});

let next = 0;
let sent = 0;
let failed = 0;

function done(error) {
  if (error) {
    failed += 1;
    console.error(error.message);
  } else {
    sent += 1;
  }
  if (sent + failed === lines.length) {
    transport.close();
    console.log(JSON.stringify({ sent, failed }));
  }
}

transport.on("idle", () => {
  while (transport.isIdle() && next < lines.length) {
    const row = lines[next++].split(",");
    transport.sendMail(
      {
        from: headers.get("from"),
        to: fill(headers.get("to"), row),
        subject: fill(headers.get("subject"), row),
        text: fill(body, row),
      },
      done,
    );
  }
});
